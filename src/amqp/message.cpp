#include <capstan/amqp/message.hpp>

#include "amqp/codec/wire.hpp"

namespace capstan::amqp {
namespace {

constexpr std::array<std::string_view, section_codes> section_names = {
    "header", "delivery-annotations", "message-annotations", "properties", "application-properties",
    "data",   "amqp-sequence",        "amqp-value",          "footer",
};

/// What the standard lets a section hold (part 3, sections 3.2.1 to 3.2.9); none for an amqp-value, which may hold anything.
std::optional<kind> content_kind(section_code code) {
    switch (code) {
    case section_code::header:
    case section_code::properties:
    case section_code::sequence: return kind::list;
    case section_code::delivery_annotations:
    case section_code::message_annotations:
    case section_code::application_properties:
    case section_code::footer: return kind::map;
    case section_code::data: return kind::binary;
    case section_code::value: return std::nullopt;
    }
    return std::nullopt;
}

/// 00 53 xx: no other descriptor of a section is as short.
constexpr std::size_t short_descriptor_size = 3;

/// Reads what nearly all sections begin with: a descriptor that is a number of one byte.
bool read_short_descriptor(decoder& from, std::optional<std::uint64_t>& number) {
    const bytes_view start = from.rest();
    if (start.size() <= short_descriptor_size || start[0] != wire::described || start[1] != wire::small_ulong) {
        return false;
    }
    number = start[2];
    from = decoder(start.subspan(short_descriptor_size));
    return true;
}

bool is_body(section_code code) { return code == section_code::data || code == section_code::sequence || code == section_code::value; }

std::string quoted(section_code code) { return "section " + std::string(name_of(code)); }

/// The bytes of a text or binary behind its constructor and size.
std::size_t variable_size(bytes_view whole) {
    constexpr std::uint8_t first_wide_code = 0xb0; // part 1, section 1.2: 0xa. has a size of one byte, 0xb. one of four
    return whole.size() - (whole[0] >= first_wide_code ? 5 : 2);
}

/// How many bytes the application sees in a value: the text without its constructor, numbers in their natural width.
std::size_t content_size(encoded_view what) {
    switch (decoder(what.raw).peek()) {
    case kind::null: return 0;
    case kind::boolean:
    case kind::ubyte:
    case kind::byte_: return 1;
    case kind::ushort:
    case kind::short_: return 2;
    case kind::uint:
    case kind::int_:
    case kind::float_:
    case kind::decimal32:
    case kind::character: return 4;
    case kind::ulong:
    case kind::long_:
    case kind::double_:
    case kind::decimal64:
    case kind::timestamp: return 8;
    case kind::decimal128:
    case kind::uuid: return 16;
    case kind::binary:
    case kind::string:
    case kind::symbol: return variable_size(what.raw);
    case kind::list:
    case kind::map:
    case kind::array:
    case kind::described:
    case kind::invalid: return what.raw.size();
    }
    return what.raw.size();
}

std::size_t sum_of_contents(decoder elements) {
    std::size_t sum = 0;
    for (encoded_view element; elements.skip(element);) {
        sum += content_size(element);
    }
    return sum;
}

bool is_text(encoded_view what, std::string_view text) {
    decoder from(what.raw);
    std::string_view string;
    symbol_view name;
    return (from.read(string) && string == text) || (from.read(name) && name.text == text);
}

} // namespace

std::string_view name_of(section_code code) { return section_names[static_cast<std::size_t>(code) - 0x70]; }

data_sections::iterator& data_sections::iterator::operator++() {
    std::optional<std::uint64_t> code;
    std::string_view name;
    // The message was checked when it was parsed: this stops at its end only.
    const bool begun = read_short_descriptor(rest_, code) || (rest_.enter_described() && rest_.read_descriptor(code, name));
    at_end_ = !begun || !rest_.read(content_);
    return *this;
}

void bare_message::append(bytes_view part) {
    if (part.empty()) {
        return;
    }
    if (count_ > 0 && pieces_[count_ - 1].data() + pieces_[count_ - 1].size() == part.data()) {
        pieces_[count_ - 1] = {pieces_[count_ - 1].data(), pieces_[count_ - 1].size() + part.size()};
        return;
    }
    pieces_[count_++] = part;
}

std::size_t bare_message::size() const {
    std::size_t sum = 0;
    for (const bytes_view piece : pieces()) {
        sum += piece.size();
    }
    return sum;
}

std::expected<message_view, std::string> message_view::parse(bytes_view payload) {
    std::expected<message_view, std::string> view; // made where it is handed out: it is large
    // At most as many steps as there are bytes: each takes a section.
    for (decoder rest(payload); !rest.at_end();) {
        std::string trouble = view->take_section(rest);
        if (!trouble.empty()) {
            view = std::unexpected(std::move(trouble));
            break;
        }
    }
    return view;
}

/// Each of these says what is wrong, or nothing.
std::string message_view::take_section(decoder& from) {
    const bytes_view start = from.rest();
    std::optional<std::uint64_t> number;
    std::string_view name;
    if (!read_short_descriptor(from, number) && (!from.enter_described() || !from.read_descriptor(number, name))) {
        return "a section without a descriptor";
    }
    if (!number || *number < first_code || *number >= first_code + section_codes) {
        return "unknown section " + (number ? std::to_string(*number) : std::string(name));
    }
    const auto code = static_cast<section_code>(*number);
    const auto wanted = content_kind(code);
    section found;
    if ((wanted && from.peek() != *wanted) || !from.skip(found.content)) {
        return quoted(code) + " is malformed";
    }
    found.whole.raw = start.first(start.size() - from.rest().size());
    short_descriptors_ &= found.whole.raw.size() - found.content.raw.size() == short_descriptor_size;
    return is_body(code) ? place_body(code, found) : place(code, found);
}

std::string message_view::place(section_code code, const section& found) {
    section& place = sections_[static_cast<std::size_t>(code) - first_code];
    if (place) {
        return quoted(code) + " twice";
    }
    place = found;
    return {};
}

std::string message_view::place_body(section_code code, const section& found) {
    if (!body_kind_) {
        body_kind_ = code;
        return place(code, found);
    }
    if (*body_kind_ != code) {
        return quoted(code) + " in a body of " + std::string(name_of(*body_kind_));
    }
    section& body = sections_[static_cast<std::size_t>(code) - first_code];
    if (code == section_code::value) {
        return quoted(code) + " twice";
    }
    if (body.whole.raw.data() + body.whole.raw.size() != found.whole.raw.data()) {
        return "other sections between those of the body";
    }
    body.whole.raw = {body.whole.raw.data(), body.whole.raw.size() + found.whole.raw.size()};
    return {};
}

bytes message_view::joined_data() const {
    bytes joined;
    for (const bytes_view part : data()) {
        joined.insert(joined.end(), part.begin(), part.end());
    }
    return joined;
}

std::size_t message_view::body_size() const {
    std::size_t size = body_kind_ == section_code::sequence ? body().size() : 0;
    for (const bytes_view part : data()) {
        size += part.size();
    }
    return size + (body_value() ? content_size(body_value()) : 0);
}

bare_message message_view::bare() const {
    bare_message bare;
    bare.append(properties().whole.raw);
    bare.append(application_properties().whole.raw);
    bare.append(body());
    bare.append(footer().whole.raw);
    return bare;
}

bare_message message_view::bare(bytes& rewritten) const {
    const bare_message sent = bare();
    if (short_descriptors_) {
        return sent;
    }
    rewritten.clear();
    encoder to(rewritten);
    for (const bytes_view piece : sent.pieces()) {
        std::optional<std::uint64_t> code;
        std::string_view name;
        // The message was checked when it was parsed: this stops at the piece's end only.
        for (decoder rest(piece); rest.enter_described() && rest.read_descriptor(code, name) && code;) {
            encoded_view content;
            rest.skip(content);
            to.descriptor(*code);
            to.write(content);
        }
    }
    bare_message whole;
    whole.append(rewritten);
    return whole;
}

std::size_t accounted_size(const message_view& message) {
    std::size_t size = message.body_size();
    decoder elements({});
    std::uint32_t count = 0;
    if (decoder(message.properties().content.raw).read_list(elements, count)) {
        size += sum_of_contents(elements);
    }
    if (decoder(message.application_properties().content.raw).read_map(elements, count)) {
        size += sum_of_contents(elements);
    }
    return size;
}

encoded_view find_entry(encoded_view map, std::string_view key) {
    decoder entries({});
    std::uint32_t count = 0;
    if (!decoder(map.raw).read_map(entries, count)) {
        return {};
    }
    for (encoded_view name, content; entries.skip(name) && entries.skip(content);) {
        if (is_text(name, key)) {
            return content;
        }
    }
    return {};
}

} // namespace capstan::amqp
