#include "store/checksum.hpp"

#include <algorithm>

#include <isa-l/crc.h>

namespace capstan::store {

std::uint32_t crc32c(std::uint32_t sum, bytes_view more) {
    constexpr std::size_t most = 1u << 30; // the library counts in int
    std::uint32_t inverted = ~sum;
    while (!more.empty()) {
        const bytes_view some = more.first(std::min(more.size(), most));
        // It only reads, though its declaration does not say so.
        inverted = crc32_iscsi(const_cast<unsigned char*>(some.data()), static_cast<int>(some.size()), inverted);
        more = more.subspan(some.size());
    }
    return ~inverted;
}

} // namespace capstan::store
