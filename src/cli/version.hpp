#pragma once
#include <string_view>

namespace capstan::cli {

/// The same as project(VERSION) in CMakeLists.txt.
inline constexpr std::string_view version = "0.1.0";

} // namespace capstan::cli
