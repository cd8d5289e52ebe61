#include "support/amqp_notation.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "support/amqp_notation_tables.hpp"

namespace capstan::amqp::test {
namespace {

// --- text to nodes

class parser {
public:
    explicit parser(std::string_view text) : all_(text), rest_(text) {}

    unit whole() {
        unit result;
        if (take("header ")) {
            result.what = unit::kind::header;
            result.header = rest_;
            return result;
        }
        if (const auto colon = rest_.find(':'); colon != std::string_view::npos && colon > 0 && all_digits(rest_.substr(0, colon))) {
            result.channel = static_cast<std::uint16_t>(std::stoul(std::string(rest_.substr(0, colon))));
            rest_.remove_prefix(colon + 1);
        }
        blanks();
        if (take("heartbeat"))
            return result;
        result.body = value('I');
        blanks();
        if (take("+"))
            result.payload = payload();
        blanks();
        if (!rest_.empty())
            fail("nothing more");
        return result;
    }

private:
    static bool all_digits(std::string_view text) {
        return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    }
    [[noreturn]] void fail(const std::string& wanted) const {
        throw std::invalid_argument("notation: expected " + wanted + " before '" + std::string(rest_) + "' in " + std::string(all_));
    }
    void blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n"), rest_.size())); }
    bool take(std::string_view word) {
        if (!rest_.starts_with(word))
            return false;
        rest_.remove_prefix(word.size());
        return true;
    }
    std::string until(char end) {
        const auto at = rest_.find(end);
        if (at == std::string_view::npos)
            fail(std::string(1, end));
        std::string result(rest_.substr(0, at));
        rest_.remove_prefix(at + 1);
        return result;
    }
    std::string word() {
        const auto length = std::min(rest_.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), rest_.size());
        std::string result(rest_.substr(0, length));
        rest_.remove_prefix(length);
        return result;
    }

    octets payload() {
        blanks();
        if (take("\""))
            return of_text(until('"'));
        if (take("<"))
            return from_hex_text(until('>'));
        const auto times = std::stoul(until('*'));
        const auto letter = static_cast<std::uint8_t>(rest_.at(0));
        rest_.remove_prefix(1);
        return octets(times, letter);
    }
    static octets of_text(std::string_view text) { return {text.begin(), text.end()}; }
    static node scalar(node::kind what, std::string text) { return {.what = what, .type = {}, .text = std::move(text), .items = {}}; }
    static std::string raw_text(const octets& raw) { return {raw.begin(), raw.end()}; }

    node value(char number_type) {
        blanks();
        if (take("~"))
            return {};
        if (take("_"))
            return scalar(node::kind::any, "");
        if (take("\""))
            return scalar(node::kind::string, until('"'));
        if (take("#<"))
            return scalar(node::kind::raw, raw_text(from_hex_text(until('>'))));
        if (take("<"))
            return scalar(node::kind::binary, raw_text(from_hex_text(until('>'))));
        if (take("["))
            return {.what = node::kind::list, .type = {}, .text = {}, .items = values(']', "")};
        if (take("("))
            return {.what = node::kind::array, .type = {}, .text = {}, .items = values(')', "")};
        if (take("{"))
            return {.what = node::kind::map, .type = {}, .text = {}, .items = values('}', "")};
        if (take("'")) {
            auto text = until('\'');
            if (take("["))
                return {.what = node::kind::described, .type = "'" + text, .text = {}, .items = values(']', text)};
            return scalar(node::kind::symbol, text);
        }
        return worded(number_type);
    }

    node worded(char number_type) {
        const auto name = word();
        if (name == "true" || name == "false")
            return {.what = node::kind::number, .type = "boolean", .text = name, .items = {}};
        if (take("["))
            return {.what = node::kind::described, .type = name, .text = {}, .items = values(']', name)};
        if (take(":"))
            return {.what = node::kind::number, .type = name, .text = word(), .items = {}};
        if (name.empty() || !all_digits(name))
            fail("a value");
        return {.what = node::kind::number, .type = type_of_letter(number_type), .text = name, .items = {}};
    }

    std::vector<node> values(char end, std::string_view composite) {
        std::vector<node> items;
        const auto types = field_types(composite);
        for (blanks(); !take(std::string_view(&end, 1)); blanks()) {
            items.push_back(value(items.size() < types.size() ? types[items.size()] : 'I'));
            blanks();
            if (!take(",") && !take("=") && (rest_.empty() || rest_[0] != end))
                fail(", or the end");
        }
        return items;
    }

    std::string_view all_, rest_;
};

// --- nodes to bytes

void put(octets& out, std::uint64_t number, std::size_t width) {
    while (width-- > 0)
        out.push_back(static_cast<std::uint8_t>(number >> (8 * width)));
}

void put_sized(octets& out, std::uint8_t small, std::uint8_t large, const octets& content, std::optional<std::size_t> count) {
    const auto overhead = [&](std::size_t width) { return content.size() + (count ? width : 0); };
    const bool fits = overhead(1) < 256 && count.value_or(0) < 256;
    out.push_back(fits ? small : large);
    put(out, overhead(fits ? 1 : 4), fits ? 1 : 4);
    if (count)
        put(out, *count, fits ? 1 : 4);
    out.insert(out.end(), content.begin(), content.end());
}

void encode_node(octets& out, const node& what);

octets joined(const std::vector<node>& items) {
    octets content;
    for (const auto& item : items)
        encode_node(content, item);
    return content;
}

void encode_number(octets& out, const node& what) {
    if (what.type == "boolean")
        return out.push_back(what.text == "true" ? 0x41 : 0x42);
    const auto& type = number_type(what.type);
    out.push_back(type.code);
    const bool negative = what.text.starts_with('-');
    put(out, negative ? static_cast<std::uint64_t>(std::stoll(what.text)) : std::stoull(what.text), type.width);
}

/// Of symbols only, which is what the standard's fields hold.
void encode_array(octets& out, const std::vector<node>& items) {
    octets content{0xa3};
    for (const auto& item : items) {
        content.push_back(static_cast<std::uint8_t>(item.text.size()));
        content.insert(content.end(), item.text.begin(), item.text.end());
    }
    put_sized(out, 0xe0, 0xf0, content, items.size());
}

void encode_descriptor(octets& out, const std::string& name) {
    out.push_back(0x00);
    if (name.starts_with('\''))
        return put_sized(out, 0xa3, 0xb3, octets(name.begin() + 1, name.end()), std::nullopt);
    out.push_back(0x53);
    out.push_back(descriptor_of(name));
}

void encode_node(octets& out, const node& what) {
    const octets text(what.text.begin(), what.text.end());
    switch (what.what) {
    case node::kind::any: throw std::invalid_argument("notation: _ cannot be sent");
    case node::kind::null: return out.push_back(0x40);
    case node::kind::number: return encode_number(out, what);
    case node::kind::string: return put_sized(out, 0xa1, 0xb1, text, std::nullopt);
    case node::kind::symbol: return put_sized(out, 0xa3, 0xb3, text, std::nullopt);
    case node::kind::binary: return put_sized(out, 0xa0, 0xb0, text, std::nullopt);
    case node::kind::raw: out.insert(out.end(), text.begin(), text.end()); return;
    case node::kind::array: return encode_array(out, what.items);
    case node::kind::map: return put_sized(out, 0xc1, 0xd1, joined(what.items), what.items.size());
    case node::kind::described: encode_descriptor(out, what.type); [[fallthrough]];
    case node::kind::list:
        if (what.items.empty())
            return out.push_back(0x45);
        return put_sized(out, 0xc0, 0xd0, joined(what.items), what.items.size());
    }
}

octets header_octets(const std::string& name) {
    if (name == "amqp" || name == "sasl" || name == "tls")
        return {'A', 'M', 'Q', 'P', static_cast<std::uint8_t>(name == "sasl" ? 3 : name == "tls" ? 2 : 0), 1, 0, 0};
    return from_hex_text(name);
}

} // namespace

unit parse_unit(std::string_view text) { return parser(text).whole(); }

octets encode_unit(std::string_view text) {
    const auto what = parse_unit(text);
    if (what.what == unit::kind::header)
        return header_octets(what.header);
    octets frame{0, 0, 0, 0, 2, static_cast<std::uint8_t>(what.body && is_sasl(what.body->type) ? 1 : 0)};
    put(frame, what.channel, 2);
    if (what.body)
        encode_node(frame, *what.body);
    frame.insert(frame.end(), what.payload.begin(), what.payload.end());
    for (std::size_t byte = 0; byte < 4; ++byte)
        frame[byte] = static_cast<std::uint8_t>(frame.size() >> (24 - 8 * byte));
    return frame;
}

octets from_hex_text(std::string_view hex) {
    octets out;
    std::string digits(hex);
    std::erase(digits, ' ');
    if (digits.size() % 2 != 0)
        throw std::invalid_argument("notation: half a byte in " + digits);
    for (std::size_t at = 0; at < digits.size(); at += 2) {
        std::uint8_t octet = 0;
        if (std::from_chars(digits.data() + at, digits.data() + at + 2, octet, 16).ptr != digits.data() + at + 2)
            throw std::invalid_argument("notation: not hex: " + digits);
        out.push_back(octet);
    }
    return out;
}

} // namespace capstan::amqp::test
