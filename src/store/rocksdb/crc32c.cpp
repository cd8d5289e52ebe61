#include "store/rocksdb/crc32c.hpp"

#ifdef __x86_64__

#include <array>
#include <cstring>

#include <nmmintrin.h>

namespace capstan::store {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78; // reflected

constexpr auto table = [] {
    std::array<std::uint32_t, 256> sums{};
    for (std::uint32_t byte = 0; byte < sums.size(); ++byte) {
        std::uint32_t sum = byte;
        for (int bit = 0; bit < 8; ++bit)
            sum = sum & 1 ? sum >> 1 ^ polynomial : sum >> 1;
        sums[byte] = sum;
    }
    return sums;
}();

/// For processors of before 2008.
std::uint32_t by_table(std::uint32_t sum, const char* data, std::size_t size) {
    for (; size > 0; ++data, --size)
        sum = sum >> 8 ^ table[(sum ^ static_cast<std::uint8_t>(*data)) & 0xff];
    return sum;
}

[[gnu::target("sse4.2")]] std::uint32_t by_instruction(std::uint32_t sum, const char* data, std::size_t size) {
    std::uint64_t wide = sum;
    for (; size >= sizeof(wide); data += sizeof(wide), size -= sizeof(wide)) {
        std::uint64_t word = 0;
        std::memcpy(&word, data, sizeof(word));
        wide = _mm_crc32_u64(wide, word);
    }
    sum = static_cast<std::uint32_t>(wide);
    for (; size > 0; ++data, --size)
        sum = _mm_crc32_u8(sum, static_cast<std::uint8_t>(*data));
    return sum;
}

} // namespace
} // namespace capstan::store

std::uint32_t rocksdb::crc32c::Extend(std::uint32_t crc, const char* data, std::size_t size) {
    static const bool has_instruction = __builtin_cpu_supports("sse4.2");
    return ~(has_instruction ? capstan::store::by_instruction(~crc, data, size) : capstan::store::by_table(~crc, data, size));
}

#endif
