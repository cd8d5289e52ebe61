#pragma once
// Integers and texts as they lie on disk: big-endian where keys must sort by value or a place must not move, varints (seven
// bits a byte, the lowest first, the top bit says "more") where small values are the rule. docs/format/store.md, section 1.

#include <array>
#include <concepts>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"

namespace capstan::store {

/// Appends `value`, big-endian, to a std::string or to bytes.
template<std::unsigned_integral T, class Buffer> void put_fixed(Buffer& to, T value) {
    std::array<typename Buffer::value_type, sizeof(T)> raw;
    for (std::size_t index = 0; index < sizeof(T); ++index)
        raw[index] = static_cast<typename Buffer::value_type>(static_cast<std::uint8_t>(value >> ((sizeof(T) - 1 - index) * 8)));
    to.insert(to.end(), raw.begin(), raw.end());
}

void put_time(bytes& to, wall_time time);

/// At most 10 bytes.
void put_varint(bytes& to, std::uint64_t value);
/// Length as a varint, then the text.
void put_text(bytes& to, std::string_view text);

/// Reads what the functions above wrote, from bytes that may be damaged. The first thing that is not there, or not whole, makes
/// ok() false for good; it and all that is read after it are zero or empty. Allocates nothing but what text() gives back.
class bytes_reader {
public:
    explicit bytes_reader(bytes_view from) : rest_(from) {}

    template<std::unsigned_integral T> T fixed() {
        T value = 0;
        for (const std::uint8_t byte : take(sizeof(T)))
            value = static_cast<T>((value << 8) | byte);
        return value;
    }
    wall_time time();
    std::uint64_t varint();
    bytes_view take(std::uint64_t size);
    std::string text();

    bool ok() const { return ok_; }
    /// All of it was there, and nothing else.
    bool ended() const { return ok() && remaining() == 0; }
    std::size_t remaining() const { return rest_.size(); }

private:
    bytes_view rest_;
    bool ok_ = true;
};

} // namespace capstan::store
