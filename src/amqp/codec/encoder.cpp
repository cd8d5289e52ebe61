#include <capstan/amqp/encoder.hpp>

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>

#include "amqp/codec/wire.hpp"

namespace capstan::amqp {
namespace {

template<class Small, class T> bool fits(T value) {
    return value >= std::numeric_limits<Small>::min() && value <= std::numeric_limits<Small>::max();
}

/// Of a compound under construction: constructor, size and count in their wide form.
constexpr std::size_t wide_frame = 1 + 4 + 4;
constexpr std::size_t narrow_frame = 1 + 1 + 1;

} // namespace

template<class T> void encoder::fixed(std::uint8_t code, T value) { wire::append(out_, code, value); }

void encoder::variable(std::uint8_t code8, std::uint8_t code32, bytes_view content) {
    assert(content.size() <= std::numeric_limits<std::uint32_t>::max());
    if (fits<std::uint8_t>(content.size())) {
        fixed(code8, static_cast<std::uint8_t>(content.size()));
    } else {
        fixed(code32, static_cast<std::uint32_t>(content.size()));
    }
    raw(content);
}

void encoder::write(std::uint8_t value) { fixed(wire::ubyte, value); }
void encoder::write(std::uint16_t value) { fixed(wire::ushort, value); }
void encoder::write(std::int8_t value) { fixed(wire::byte_, value); }
void encoder::write(std::int16_t value) { fixed(wire::short_, value); }
void encoder::write(float value) { fixed(wire::float_, value); }
void encoder::write(double value) { fixed(wire::double_, value); }
void encoder::write(character value) { fixed(wire::character, value.code_point); }
void encoder::write(timestamp value) { fixed(wire::timestamp, value.milliseconds); }

void encoder::write(std::uint32_t value) {
    if (value == 0) {
        out_.push_back(wire::uint0);
    } else if (fits<std::uint8_t>(value)) {
        fixed(wire::small_uint, static_cast<std::uint8_t>(value));
    } else {
        fixed(wire::uint, value);
    }
}

void encoder::write(std::uint64_t value) {
    if (value == 0) {
        out_.push_back(wire::ulong0);
    } else if (fits<std::uint8_t>(value)) {
        fixed(wire::small_ulong, static_cast<std::uint8_t>(value));
    } else {
        fixed(wire::ulong, value);
    }
}

void encoder::write(std::int32_t value) {
    fits<std::int8_t>(value) ? fixed(wire::small_int, static_cast<std::int8_t>(value)) : fixed(wire::int_, value);
}

void encoder::write(std::int64_t value) {
    fits<std::int8_t>(value) ? fixed(wire::small_long, static_cast<std::int8_t>(value)) : fixed(wire::long_, value);
}

template<> void encoder::write(const decimal<4>& value) {
    out_.push_back(wire::decimal32);
    raw(value.octets);
}

template<> void encoder::write(const decimal<8>& value) {
    out_.push_back(wire::decimal64);
    raw(value.octets);
}

template<> void encoder::write(const decimal<16>& value) {
    out_.push_back(wire::decimal128);
    raw(value.octets);
}

void encoder::write(const uuid& value) {
    out_.push_back(wire::uuid);
    raw(value.octets);
}

void encoder::write(bytes_view binary) { variable(wire::binary8, wire::binary32, binary); }
void encoder::write(std::string_view string) { variable(wire::string8, wire::string32, as_bytes(string)); }
void encoder::write(symbol_view value) { variable(wire::symbol8, wire::symbol32, as_bytes(value.text)); }

void encoder::write(encoded_view value) {
    if (value) {
        raw(value.raw);
    } else {
        null();
    }
}

void encoder::descriptor(std::uint64_t code) {
    out_.push_back(wire::described);
    write(code);
}

void encoder::descriptor(symbol_view name) {
    out_.push_back(wire::described);
    write(name);
}

void encoder::descriptor(encoded_view any) {
    out_.push_back(wire::described);
    write(any);
}

encoder::compound encoder::begin(std::uint8_t code8) {
    const compound open{out_.size(), code8};
    out_.resize(out_.size() + wide_frame);
    return open;
}

void encoder::end(compound open, std::uint32_t count) {
    const auto frame = out_.begin() + static_cast<std::ptrdiff_t>(open.start);
    const std::size_t size = out_.size() - open.start - wide_frame; // of the elements alone
    if (count == 0 && open.code8 == wire::list8) {
        out_.resize(open.start);
        out_.push_back(wire::list0);
        return;
    }
    // Both size fields count the count behind them too.
    if (fits<std::uint8_t>(size + 1) && fits<std::uint8_t>(count)) {
        frame[0] = open.code8;
        frame[1] = static_cast<std::uint8_t>(size + 1);
        frame[2] = static_cast<std::uint8_t>(count);
        out_.erase(frame + narrow_frame, frame + wide_frame);
        return;
    }
    assert(size <= std::numeric_limits<std::uint32_t>::max() - 4);
    frame[0] = open.code8 + 0x10; // part 1, section 1.6: each wide form's code lies 0x10 above its narrow one's
    wire::store(&frame[1], static_cast<std::uint32_t>(size + 4));
    wire::store(&frame[5], count);
}

template<class Text> void encoder::text_array(std::span<const Text> elements, std::uint8_t code8) {
    const auto text = [](const Text& element) -> std::string_view {
        if constexpr (std::same_as<Text, symbol_view>) {
            return element.text;
        } else {
            return element;
        }
    };
    const bool narrow = std::ranges::all_of(elements, [&](const Text& element) { return fits<std::uint8_t>(text(element).size()); });
    const compound open = begin_array();
    out_.push_back(narrow ? code8 : static_cast<std::uint8_t>(code8 + 0x10));
    for (const Text& element : elements) {
        const std::size_t size = text(element).size();
        narrow ? wire::append(out_, static_cast<std::uint8_t>(size)) : wire::append(out_, static_cast<std::uint32_t>(size));
        raw(as_bytes(text(element)));
    }
    end(open, static_cast<std::uint32_t>(elements.size()));
}

void encoder::array(std::span<const symbol_view> elements) { text_array(elements, wire::symbol8); }
void encoder::array(std::span<const std::string> elements) { text_array(elements, wire::string8); }

} // namespace capstan::amqp
