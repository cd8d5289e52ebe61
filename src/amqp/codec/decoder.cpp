#include <capstan/amqp/decoder.hpp>

#include <algorithm>

#include "amqp/codec/wire.hpp"

namespace capstan::amqp {

kind decoder::peek() const { return rest_.empty() ? kind::invalid : wire::kind_of(rest_[0]); }

template<class T> bool decoder::read_fixed(std::uint8_t code, T& value) {
    if (rest_.size() < 1 + sizeof value || rest_[0] != code) {
        return false;
    }
    value = std::bit_cast<T>(wire::load<wire::carrier_of<T>>(rest_.data() + 1));
    rest_ = rest_.subspan(1 + sizeof value);
    return true;
}

bool decoder::read_null() {
    if (rest_.empty() || rest_[0] != wire::null) {
        return false;
    }
    rest_ = rest_.subspan(1);
    return true;
}

bool decoder::read(bool& value) {
    if (rest_.empty()) {
        return false;
    }
    if (rest_[0] == wire::true_ || rest_[0] == wire::false_) {
        value = rest_[0] == wire::true_;
        rest_ = rest_.subspan(1);
        return true;
    }
    if (rest_.size() < 2 || rest_[0] != wire::boolean || rest_[1] > 1) {
        return false;
    }
    value = rest_[1] == 1;
    rest_ = rest_.subspan(2);
    return true;
}

bool decoder::read(std::uint8_t& value) { return read_fixed(wire::ubyte, value); }
bool decoder::read(std::uint16_t& value) { return read_fixed(wire::ushort, value); }
bool decoder::read(std::int8_t& value) { return read_fixed(wire::byte_, value); }
bool decoder::read(std::int16_t& value) { return read_fixed(wire::short_, value); }
bool decoder::read(float& value) { return read_fixed(wire::float_, value); }
bool decoder::read(double& value) { return read_fixed(wire::double_, value); }
bool decoder::read(timestamp& value) { return read_fixed(wire::timestamp, value.milliseconds); }

template<class Small, class T> bool decoder::read_integer(std::uint8_t code, std::uint8_t small_code, T& value) {
    Small small;
    if (read_fixed(small_code, small)) {
        value = small;
        return true;
    }
    return read_fixed(code, value);
}

template<class T> bool decoder::read_zero(std::uint8_t code, T& value) {
    if (rest_.empty() || rest_[0] != code) {
        return false;
    }
    value = 0;
    rest_ = rest_.subspan(1);
    return true;
}

bool decoder::read(std::uint32_t& value) {
    return read_integer<std::uint8_t>(wire::uint, wire::small_uint, value) || read_zero(wire::uint0, value);
}

bool decoder::read(std::uint64_t& value) {
    return read_integer<std::uint8_t>(wire::ulong, wire::small_ulong, value) || read_zero(wire::ulong0, value);
}

bool decoder::read(std::int32_t& value) { return read_integer<std::int8_t>(wire::int_, wire::small_int, value); }
bool decoder::read(std::int64_t& value) { return read_integer<std::int8_t>(wire::long_, wire::small_long, value); }

bool decoder::read(character& value) {
    std::uint32_t code_point = 0;
    if (rest_.size() < 5 || !is_code_point(wire::load<std::uint32_t>(rest_.data() + 1)) || !read_fixed(wire::character, code_point)) {
        return false;
    }
    value.code_point = code_point;
    return true;
}

template<std::size_t Width> bool decoder::read_octets(std::uint8_t code, std::array<std::uint8_t, Width>& octets) {
    if (rest_.size() < 1 + Width || rest_[0] != code) {
        return false;
    }
    std::copy_n(rest_.begin() + 1, Width, octets.begin());
    rest_ = rest_.subspan(1 + Width);
    return true;
}

bool decoder::read(decimal<4>& value) { return read_octets(wire::decimal32, value.octets); }
bool decoder::read(decimal<8>& value) { return read_octets(wire::decimal64, value.octets); }
bool decoder::read(decimal<16>& value) { return read_octets(wire::decimal128, value.octets); }
bool decoder::read(uuid& value) { return read_octets(wire::uuid, value.octets); }

bool decoder::read_variable(std::uint8_t code8, std::uint8_t code32, bytes_view& content) {
    if (rest_.empty() || (rest_[0] != code8 && rest_[0] != code32)) {
        return false;
    }
    bytes_view rest = rest_.subspan(1);
    std::uint32_t size = 0;
    if (!wire::take_size(rest, rest_[0] == code32, size) || size > rest.size()) {
        return false;
    }
    content = rest.first(size);
    rest_ = rest.subspan(size);
    return true;
}

bool decoder::read(bytes_view& binary) { return read_variable(wire::binary8, wire::binary32, binary); }

bool decoder::read(std::string_view& string) {
    decoder after = *this;
    bytes_view content;
    if (!after.read_variable(wire::string8, wire::string32, content) || !is_utf8(as_text(content))) {
        return false;
    }
    string = as_text(content);
    *this = after;
    return true;
}

bool decoder::read(symbol_view& value) {
    decoder after = *this;
    bytes_view content;
    if (!after.read_variable(wire::symbol8, wire::symbol32, content) || !is_ascii(as_text(content))) {
        return false;
    }
    value.text = as_text(content);
    *this = after;
    return true;
}

bool decoder::read_compound(std::uint8_t code8, std::uint8_t code32, decoder& elements, std::uint32_t& count) {
    decoder after = *this;
    bytes_view content;
    if (!after.read_variable(code8, code32, content)) {
        return false;
    }
    std::uint32_t found = 0;
    // No element is smaller than its constructor of one byte: a count beyond the bytes is a lie.
    if (!wire::take_size(content, rest_[0] == code32, found) || found > content.size()) {
        return false;
    }
    elements = decoder(content);
    count = found;
    *this = after;
    return true;
}

bool decoder::read_list(decoder& elements, std::uint32_t& count) {
    if (read_zero(wire::list0, count)) {
        elements = decoder({});
        return true;
    }
    return read_compound(wire::list8, wire::list32, elements, count);
}

bool decoder::read_map(decoder& elements, std::uint32_t& count) {
    decoder after = *this;
    decoder content({});
    std::uint32_t found = 0;
    if (!after.read_compound(wire::map8, wire::map32, content, found) || found % 2 != 0) {
        return false;
    }
    elements = content;
    count = found;
    *this = after;
    return true;
}

bool decoder::read_array(std::uint32_t& count, bytes_view& body) {
    if (peek() != kind::array) {
        return false;
    }
    bytes_view rest = rest_.subspan(1);
    wire::array_frame frame;
    if (!wire::take_array(rest, rest_[0] == wire::array32, 1, frame)) {
        return false;
    }
    count = frame.count;
    body = frame.body;
    rest_ = rest;
    return true;
}

bool decoder::enter_described() {
    // A described value has at least a descriptor and a constructor behind the 0x00.
    if (rest_.size() < 3 || rest_[0] != wire::described) {
        return false;
    }
    rest_ = rest_.subspan(1);
    return true;
}

bool decoder::read_descriptor(std::optional<std::uint64_t>& code, std::string_view& name) {
    std::uint64_t number = 0;
    symbol_view text;
    if (read(number)) {
        code = number;
        name = {};
        return true;
    }
    if (!read(text)) {
        return false;
    }
    code = descriptor_code(text.text);
    name = text.text;
    return true;
}

bool decoder::skip(encoded_view& value) {
    bytes_view rest = rest_;
    if (!wire::skip_value(rest, 0)) {
        return false;
    }
    value.raw = rest_.first(rest_.size() - rest.size());
    rest_ = rest;
    return true;
}

bool decoder::skip() {
    encoded_view ignored;
    return skip(ignored);
}

} // namespace capstan::amqp
