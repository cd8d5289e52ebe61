#pragma once
#include <string>

#include <fmt/chrono.h>

#include <capstan/message.hpp>

namespace capstan::cli {

/// 2026-01-31T12:00:00.250Z
inline std::string iso_time(wall_clock_time when) { return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", when); }

} // namespace capstan::cli
