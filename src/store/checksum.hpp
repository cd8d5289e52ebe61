#pragma once

#include "base/bytes.hpp"

namespace capstan::store {

/// CRC-32C of `more` behind those bytes of which `sum` is the checksum; 0 is that of none.
std::uint32_t crc32c(std::uint32_t sum, bytes_view more);

} // namespace capstan::store
