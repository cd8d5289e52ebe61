#include "store/encoding.hpp"

namespace capstan::store {

void put_time(bytes& to, wall_time time) { put_fixed(to, static_cast<std::uint64_t>(time.time_since_epoch().count())); }

wall_time bytes_reader::time() { return wall_time(std::chrono::milliseconds(static_cast<std::int64_t>(fixed<std::uint64_t>()))); }

void put_varint(bytes& to, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        to.push_back(static_cast<std::uint8_t>(value | 0x80));
    to.push_back(static_cast<std::uint8_t>(value));
}

void put_text(bytes& to, std::string_view text) {
    put_varint(to, text.size());
    append(to, as_bytes(text));
}

std::uint64_t bytes_reader::varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const std::uint8_t byte = fixed<std::uint8_t>();
        if (shift == 63 && byte > 1) // the tenth byte holds one bit of 64
            break;
        value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80)
            return ok_ ? value : 0;
    }
    ok_ = false;
    return 0;
}

bytes_view bytes_reader::take(std::uint64_t size) {
    ok_ = ok_ && size <= rest_.size();
    if (!ok_)
        return {};
    const bytes_view taken = rest_.first(static_cast<std::size_t>(size));
    rest_ = rest_.subspan(taken.size());
    return taken;
}

std::string bytes_reader::text() { return std::string(as_text(take(varint()))); }

} // namespace capstan::store
