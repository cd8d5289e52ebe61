// Whether a sender's properties are of the standard's types: asked of each message that is handed on as it came.
#include <capstan/amqp/message.hpp>

#include "amqp/codec/wire.hpp"

namespace capstan::amqp {
namespace {

constexpr std::uint32_t bit(kind what) { return 1u << static_cast<unsigned>(what); }

constexpr std::uint32_t any_id = bit(kind::ulong) | bit(kind::uuid) | bit(kind::binary) | bit(kind::string);

/// Part 3, section 3.2.4. Each may be null instead.
struct property_field {
    std::string_view name;
    std::uint32_t kinds;
};
constexpr auto property_fields = std::to_array<property_field>({
    {"message-id", any_id},
    {"user-id", bit(kind::binary)},
    {"to", bit(kind::string)},
    {"subject", bit(kind::string)},
    {"reply-to", bit(kind::string)},
    {"correlation-id", any_id},
    {"content-type", bit(kind::symbol)},
    {"content-encoding", bit(kind::symbol)},
    {"absolute-expiry-time", bit(kind::timestamp)},
    {"creation-time", bit(kind::timestamp)},
    {"group-id", bit(kind::string)},
    {"group-sequence", bit(kind::uint)},
    {"reply-to-group-id", bit(kind::string)},
});

std::unexpected<std::string> wrong(std::string_view what, std::string_view why) {
    return std::unexpected(std::string(what) + ": " + std::string(why));
}

/// The value's bytes between these two cursors, which are a string.
std::string quoted(bytes_view from, bytes_view behind) {
    std::string_view text;
    decoder(from.first(from.size() - behind.size())).read(text);
    return "'" + std::string(text) + "'";
}

} // namespace

std::expected<void, std::string> check_properties(encoded_view content) {
    bytes_view rest = content.raw;
    std::uint32_t count = 0;
    if (rest.empty() || rest[0] == wire::list0) {
        return {};
    }
    if (!wire::open_compound(rest, wire::list8, count)) {
        return wrong("properties", "not a list");
    }
    if (count > property_fields.size()) {
        return wrong("properties", "more fields than there are");
    }
    for (const property_field& field : std::span(property_fields).first(count)) {
        if ((bit(wire::step_over_simple(rest)) & (field.kinds | bit(kind::null))) == 0) {
            return wrong("properties", "field " + std::string(field.name) + " is of a wrong type");
        }
    }
    return {};
}

std::expected<void, std::string> check_application_properties(encoded_view content) {
    bytes_view rest = content.raw;
    std::uint32_t count = 0;
    if (rest.empty()) {
        return {};
    }
    if (!wire::open_compound(rest, wire::map8, count)) {
        return wrong("application-properties", "not a map");
    }
    for (; count > 1; count -= 2) {
        const bytes_view name = rest;
        if (wire::step_over_simple(rest) != kind::string) {
            return wrong("application-properties", "a name is not a string");
        }
        const bytes_view value = rest;
        if (wire::step_over_simple(rest) == kind::invalid) {
            return wrong("application-properties", "the value of " + quoted(name, value) + " is not of a simple type");
        }
    }
    return {};
}

} // namespace capstan::amqp
