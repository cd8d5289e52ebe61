#include "store/rocksdb/crc32c.hpp"

#include <algorithm>

#include <isa-l/crc.h>

std::uint32_t rocksdb::crc32c::Extend(std::uint32_t crc, const char* data, std::size_t size) {
    constexpr std::size_t most = 1u << 30; // the library counts in int
    std::uint32_t sum = ~crc;
    while (size > 0) {
        const std::size_t count = std::min(size, most);
        // It only reads, though its declaration does not say so.
        sum = crc32_iscsi(reinterpret_cast<unsigned char*>(const_cast<char*>(data)), static_cast<int>(count), sum);
        data += count;
        size -= count;
    }
    return ~sum;
}
