#pragma once

#include <cstdint>
#include <filesystem>

namespace capstan::store {

/// Less than `reserve` bytes are free where the folder lies. A small disk keeps half of itself.
bool disk_is_low(const std::filesystem::path& folder, std::uint64_t reserve);

} // namespace capstan::store
