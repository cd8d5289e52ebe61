#pragma once
// What encoded values are made of, below the level of the decoder and the encoder: constructors and the bodies behind them
// (part 1 of the standard, section 1.2), numbers in network byte order.

#include <array>
#include <bit>
#include <concepts>
#include <cstring>

#include <capstan/amqp/decoder.hpp>

namespace capstan::amqp::wire {

/// Part 1, section 1.6: one name per encoding.
enum code : std::uint8_t {
    described = 0x00,
    null = 0x40,
    true_ = 0x41,
    false_ = 0x42,
    boolean = 0x56,
    ubyte = 0x50,
    ushort = 0x60,
    uint = 0x70,
    small_uint = 0x52,
    uint0 = 0x43,
    ulong = 0x80,
    small_ulong = 0x53,
    ulong0 = 0x44,
    byte_ = 0x51,
    short_ = 0x61,
    int_ = 0x71,
    small_int = 0x54,
    long_ = 0x81,
    small_long = 0x55,
    float_ = 0x72,
    double_ = 0x82,
    decimal32 = 0x74,
    decimal64 = 0x84,
    decimal128 = 0x94,
    character = 0x73,
    timestamp = 0x83,
    uuid = 0x98,
    binary8 = 0xa0,
    binary32 = 0xb0,
    string8 = 0xa1,
    string32 = 0xb1,
    symbol8 = 0xa3,
    symbol32 = 0xb3,
    list0 = 0x45,
    list8 = 0xc0,
    list32 = 0xd0,
    map8 = 0xc1,
    map32 = 0xd1,
    array8 = 0xe0,
    array32 = 0xf0,
};

struct encoding {
    kind what = kind::invalid;
    /// Bytes of a fixed-width body; for the others, the bytes of their size field, which is the least their body has.
    std::uint8_t width = 0;
};
extern const std::array<encoding, 256> encodings;

/// The kind a constructor stands for; invalid when the standard does not know it.
inline kind kind_of(std::uint8_t code) { return encodings[code].what; }

template<std::unsigned_integral T> T load(const std::uint8_t* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    if constexpr (sizeof value > 1 && std::endian::native == std::endian::little) {
        value = std::byteswap(value);
    }
    return value;
}

template<std::unsigned_integral T> void store(std::uint8_t* to, T value) {
    if constexpr (sizeof value > 1 && std::endian::native == std::endian::little) {
        value = std::byteswap(value);
    }
    std::memcpy(to, &value, sizeof value);
}

/// The unsigned integer that carries the bits of a number of this width.
template<std::size_t Width> struct carrier;
template<> struct carrier<1> {
    using type = std::uint8_t;
};
template<> struct carrier<2> {
    using type = std::uint16_t;
};
template<> struct carrier<4> {
    using type = std::uint32_t;
};
template<> struct carrier<8> {
    using type = std::uint64_t;
};
template<class T> using carrier_of = typename carrier<sizeof(T)>::type;

template<class T> void append(bytes& out, T value) {
    std::array<std::uint8_t, sizeof value> octets;
    store(octets.data(), std::bit_cast<carrier_of<T>>(value));
    out.insert(out.end(), octets.begin(), octets.end());
}

/// A constructor with a number behind it: a value of fixed width, or the size of one of variable width.
template<class T> void append(bytes& out, std::uint8_t code, T value) {
    std::array<std::uint8_t, 1 + sizeof value> octets{code};
    store(octets.data() + 1, std::bit_cast<carrier_of<T>>(value));
    out.insert(out.end(), octets.begin(), octets.end());
}

/// A size or count of one or four bytes, whichever its constructor says.
inline bool take_size(bytes_view& rest, bool wide, std::uint32_t& size) {
    const std::size_t width = wide ? 4 : 1;
    if (rest.size() < width) {
        return false;
    }
    size = wide ? load<std::uint32_t>(rest.data()) : rest[0];
    rest = rest.subspan(width);
    return true;
}

/// Steps over a value that has been checked to be well-formed, without looking into it, and says what it is. Invalid, and nothing
/// stepped over, for all that is no simple value (a list, map or array, a described one) or reaches beyond `rest`.
inline kind step_over_simple(bytes_view& rest) {
    if (rest.empty()) {
        return kind::invalid;
    }
    const std::uint8_t* at = rest.data();
    const encoding of = encodings[*at];
    std::size_t size = std::size_t{1} + of.width;
    if (of.what >= kind::list || size > rest.size()) {
        return kind::invalid;
    }
    // Part 1, section 1.2: 0xa. and 0xb. are the codes of text and binary.
    if ((*at & 0xe0) == 0xa0) {
        size += of.width == 1 ? at[1] : load<std::uint32_t>(at + 1);
        if (size > rest.size()) {
            return kind::invalid;
        }
    }
    rest = {at + size, rest.size() - size};
    return of.what;
}

/// The elements of a checked list or map, and how many there are; false for anything else.
inline bool open_compound(bytes_view& rest, std::uint8_t code8, std::uint32_t& count) {
    if (rest.empty() || (rest[0] != code8 && rest[0] != (code8 | 0x10))) {
        return false;
    }
    const bool wide = rest[0] != code8;
    std::uint32_t size = 0;
    rest = rest.subspan(1);
    return take_size(rest, wide, size) && take_size(rest, wide, count);
}

/// A constructor: the code that says how the body is encoded, and how deep that body lies behind its descriptors.
struct constructor {
    std::uint8_t code = 0;
    int depth = 0;
};

/// Each steps over one thing at the front of `rest` if it is well-formed all the way down and no deeper than max_depth;
/// otherwise it says false, and `rest` is somewhere inside. `depth` is how many values lie around this one.
bool skip_value(bytes_view& rest, int depth);
bool skip_constructor(bytes_view& rest, int depth, constructor& found);
bool skip_body(bytes_view& rest, constructor of);

/// Steps over an array without elements that has no constructor for them either (e0 01 00), which is malformed: see amqp/fields.hpp.
bool skip_bare_array(bytes_view& rest);

/// An array: `body` is the elements' constructor with the bodies behind it, `bodies` is these alone. They can hold `count` elements.
struct array_frame {
    std::uint32_t count = 0;
    bytes_view body;
    bytes_view bodies;
    constructor of;
};

/// Steps over an array and its constructor, but does not look into the bodies. False as above.
bool take_array(bytes_view& rest, bool wide, int depth, array_frame& frame);

} // namespace capstan::amqp::wire
