// The other half of the notation: from bytes to text, and what matches what.
#include <algorithm>

#include "support/amqp_notation.hpp"
#include "support/amqp_notation_tables.hpp"

namespace capstan::amqp::test {
namespace {

class reader {
public:
    reader(const octets& from, std::size_t at, std::size_t end) : from_(from), at_(at), end_(end) {}

    node value() {
        const auto code = static_cast<std::uint8_t>(number(1));
        if (code == 0x00)
            return described();
        return of_code(code);
    }
    octets rest() const { return {from_.begin() + static_cast<std::ptrdiff_t>(at_), from_.begin() + static_cast<std::ptrdiff_t>(end_)}; }

private:
    std::uint64_t number(std::size_t width) {
        if (end_ - at_ < width)
            throw std::runtime_error("a value ends too early");
        std::uint64_t result = 0;
        while (width-- > 0)
            result = result << 8 | from_[at_++];
        return result;
    }
    std::string text(std::size_t width) {
        const auto size = number(width);
        if (end_ - at_ < size)
            throw std::runtime_error("a text ends too early");
        const auto begin = from_.begin() + static_cast<std::ptrdiff_t>(at_);
        at_ += size;
        return {begin, begin + static_cast<std::ptrdiff_t>(size)};
    }
    static node scalar(node::kind what, std::string type, std::string text) { return {what, std::move(type), std::move(text), {}}; }
    static node numeral(std::string type, std::string text) { return scalar(node::kind::number, std::move(type), std::move(text)); }

    node described() {
        const auto descriptor = value();
        auto content = value();
        if (content.what != node::kind::list || descriptor.what != node::kind::number)
            throw std::runtime_error("a described value that is no composite of the standard");
        content.what = node::kind::described;
        content.type = name_of_descriptor(std::stoull(descriptor.text));
        return content;
    }

    node of_code(std::uint8_t code) {
        switch (code) {
        case 0x40: return {};
        case 0x41: return numeral("boolean", "true");
        case 0x42: return numeral("boolean", "false");
        case 0x43: return numeral("uint", "0");
        case 0x44: return numeral("ulong", "0");
        case 0x45: return {node::kind::list, {}, {}, {}};
        case 0x52: return numeral("uint", std::to_string(number(1)));
        case 0x53: return numeral("ulong", std::to_string(number(1)));
        case 0x54: return numeral("int", std::to_string(static_cast<std::int8_t>(number(1))));
        case 0x56: return numeral("boolean", number(1) ? "true" : "false");
        case 0xa0: return scalar(node::kind::binary, {}, text(1));
        case 0xb0: return scalar(node::kind::binary, {}, text(4));
        case 0xa1: return scalar(node::kind::string, {}, text(1));
        case 0xb1: return scalar(node::kind::string, {}, text(4));
        case 0xa3: return scalar(node::kind::symbol, {}, text(1));
        case 0xb3: return scalar(node::kind::symbol, {}, text(4));
        case 0xc0: return compound(node::kind::list, 1);
        case 0xd0: return compound(node::kind::list, 4);
        case 0xc1: return compound(node::kind::map, 1);
        case 0xd1: return compound(node::kind::map, 4);
        case 0xe0: return array(1);
        case 0xf0: return array(4);
        default: break;
        }
        for (const auto& row : number_types)
            if (row.code == code)
                return numeral(std::string(row.name), std::to_string(number(row.width)));
        throw std::runtime_error("constructor " + std::to_string(code));
    }

    node compound(node::kind what, std::size_t width) {
        const auto size = number(width);
        const auto end = at_ + size;
        const auto count = number(width);
        node result{what, {}, {}, {}};
        for (std::uint64_t index = 0; index < count; ++index)
            result.items.push_back(value());
        return checked(std::move(result), end);
    }
    node array(std::size_t width) {
        const auto size = number(width);
        const auto end = at_ + size;
        const auto count = number(width);
        const auto code = static_cast<std::uint8_t>(number(1));
        node result{node::kind::array, {}, {}, {}};
        for (std::uint64_t index = 0; index < count; ++index)
            result.items.push_back(of_code(code));
        return checked(std::move(result), end);
    }
    node checked(node result, std::size_t end) const {
        if (at_ != end)
            throw std::runtime_error("a compound is not as long as it says");
        return result;
    }

    const octets& from_;
    std::size_t at_, end_;
};

std::string quoted(const octets& content) {
    if (content.size() > 40)
        return std::to_string(content.size()) + " bytes";
    return '"' + std::string(content.begin(), content.end()) + '"';
}

std::string hex_of(std::string_view raw) {
    std::string result = "<";
    for (const char c : raw)
        for (const int shift : {4, 0})
            result += "0123456789abcdef"[static_cast<std::uint8_t>(c) >> shift & 15];
    return result + ">";
}

std::string text_of(const node& what) {
    const auto all = [&](char open, char close) {
        std::string result(1, open);
        for (std::size_t index = 0; index < what.items.size(); ++index)
            result += (index == 0 ? "" : open == '{' && index % 2 == 1 ? "=" : ", ") + text_of(what.items[index]);
        return result + close;
    };
    switch (what.what) {
    case node::kind::any: return "_";
    case node::kind::null: return "~";
    case node::kind::number: return what.type == "boolean" ? what.text : what.type + ':' + what.text;
    case node::kind::string: return '"' + what.text + '"';
    case node::kind::symbol: return '\'' + what.text + '\'';
    case node::kind::binary: return hex_of(what.text);
    case node::kind::raw: return '#' + hex_of(what.text);
    case node::kind::list: return all('[', ']');
    case node::kind::map: return all('{', '}');
    case node::kind::array: return all('(', ')');
    case node::kind::described: return what.type + all('[', ']');
    }
    return {};
}

bool matches(const node& expected, const node& actual, bool prefix) {
    if (expected.what == node::kind::any)
        return true;
    if (expected.what != actual.what || expected.type != actual.type || expected.text != actual.text)
        return false;
    static const node null;
    const auto item = [](const std::vector<node>& items, std::size_t index) -> const node& {
        return index < items.size() ? items[index] : null;
    };
    const auto count = prefix ? expected.items.size() : std::max(expected.items.size(), actual.items.size());
    for (std::size_t index = 0; index < count; ++index)
        if (!matches(item(expected.items, index), item(actual.items, index), false))
            return false;
    return true;
}

} // namespace

std::optional<unit> decode_unit(const octets& from, std::size_t at) {
    if (from.size() - at < 8)
        return std::nullopt;
    unit result;
    if (from[at] == 'A') {
        result.what = unit::kind::header;
        result.size = 8;
        const auto id = from[at + 4];
        result.header = id == 0 ? "amqp" : id == 3 ? "sasl" : "with id " + std::to_string(id);
        return result;
    }
    result.size = std::size_t{from[at]} << 24 | std::size_t{from[at + 1]} << 16 | std::size_t{from[at + 2]} << 8 | from[at + 3];
    if (result.size < 8 || from[at + 4] != 2)
        throw std::runtime_error("a malformed frame header");
    if (from.size() - at < result.size)
        return std::nullopt;
    result.channel = static_cast<std::uint16_t>(from[at + 6] << 8 | from[at + 7]);
    if (result.size > 8) {
        reader body(from, at + 8, at + result.size);
        result.body = body.value();
        result.payload = body.rest();
        if (is_sasl(result.body->type) != (from[at + 5] == 1))
            throw std::runtime_error("a frame of the wrong type");
    }
    return result;
}

std::string to_text(const unit& what) {
    if (what.what == unit::kind::header)
        return "header " + what.header;
    return std::to_string(what.channel) + ": " + (what.body ? text_of(*what.body) : "heartbeat") +
           (what.payload.empty() ? "" : " + " + quoted(what.payload));
}

bool matches(const unit& expected, const unit& actual) {
    if (expected.what != actual.what || expected.header != actual.header || expected.channel != actual.channel ||
        expected.payload != actual.payload || expected.body.has_value() != actual.body.has_value())
        return false;
    return !expected.body || matches(*expected.body, *actual.body, true);
}

} // namespace capstan::amqp::test
