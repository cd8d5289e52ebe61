#include "hub/routing/message_subject.hpp"

#include <cstring>

#include <boost/algorithm/string/predicate.hpp>
#include <boost/json/parse.hpp>
#include <boost/locale/encoding_utf.hpp>
#include <fmt/format.h>

#include "hub/conditions.hpp"
#include "hub/routing/path.hpp"

namespace capstan::hub::routing {
namespace {

value text_or_undefined(std::string_view text) { return text.empty() ? value() : value(std::string(text)); }
value text_or_undefined(const std::optional<std::string_view>& text) { return text ? value(std::string(*text)) : value(); }

value id_or_undefined(const amqp::value& id) { return id.is_null() ? value() : value(amqp::id_text(id)); }

/// All properties are text: that of a number is the number's.
value as_property(amqp::encoded_view content) {
    const auto decoded = amqp::decode_value(content);
    if (!decoded || decoded->is_null())
        return null();
    if (const auto text = decoded->text())
        return std::string(*text);
    if (const auto* number = decoded->get<double>())
        return fmt::format("{}", *number);
    if (const auto* number = decoded->get<float>())
        return fmt::format("{}", *number);
    return amqp::to_text(*decoded);
}

/// The first entry of a map by its name, without regard to case.
std::optional<amqp::encoded_view> find_property(amqp::encoded_view map, std::string_view name) {
    amqp::decoder entries({});
    std::uint32_t count = 0;
    if (!amqp::decoder(map.raw).read_map(entries, count))
        return std::nullopt;
    for (std::string_view key; entries.read(key);) {
        amqp::encoded_view content;
        if (!entries.skip(content))
            break;
        if (boost::iequals(key, name))
            return content;
    }
    return std::nullopt;
}

/// The type before the first ';', and its charset.
std::pair<std::string, std::string> split_content_type(std::string_view text) {
    const auto trimmed = [](std::string_view part) {
        const auto first = part.find_first_not_of(" \t\"");
        return first == part.npos ? std::string() : std::string(part.substr(first, part.find_last_not_of(" \t\"") - first + 1));
    };
    const auto semicolon = text.find(';');
    std::pair<std::string, std::string> parts{trimmed(text.substr(0, semicolon)), ""};
    for (auto rest = semicolon == text.npos ? std::string_view() : text.substr(semicolon + 1); !rest.empty();) {
        const auto part = trimmed(rest.substr(0, rest.find(';')));
        if (boost::istarts_with(part, "charset="))
            parts.second = trimmed(std::string_view(part).substr(8));
        rest.remove_prefix(std::min(rest.find(';'), rest.size() - 1) + 1);
    }
    return parts;
}

template<class Unit> std::string from_units(bytes_view octets) {
    std::basic_string<Unit> units(octets.size() / sizeof(Unit), Unit());
    std::memcpy(units.data(), octets.data(), units.size() * sizeof(Unit)); // little endian, as this machine is
    if (!units.empty() && units.front() == Unit(0xfeff))
        units.erase(0, 1);
    return boost::locale::conv::utf_to_utf<char>(units);
}

std::optional<std::string> to_utf8(bytes_view octets, std::string_view encoding) {
    if (boost::iequals(encoding, "utf-8"))
        return std::string(octets.begin(), octets.end());
    if (boost::iequals(encoding, "utf-16"))
        return from_units<char16_t>(octets);
    if (boost::iequals(encoding, "utf-32"))
        return from_units<char32_t>(octets);
    return std::nullopt;
}

} // namespace

value message_subject::look_up(const reference& wanted) const {
    switch (wanted.what) {
    case reference::kind::property: return application_property(wanted.name);
    case reference::kind::system_only: return system_property(wanted.name);
    case reference::kind::system: {
        value found = system_property(wanted.name);
        return is<undefined>(found) ? application_property("$" + wanted.name) : found;
    }
    case reference::kind::member: break;
    }
    return body().trouble.empty() ? find_member(body().document, wanted.path) : value();
}

value message_subject::application_property(std::string_view name) const {
    if (!message_.application_properties())
        return undefined();
    const auto found = find_property(message_.application_properties().content, name);
    return found ? as_property(*found) : value();
}

value message_subject::system_property(std::string_view name) const {
    const auto named = [name](std::string_view known) { return boost::iequals(name, known); };
    if (named("enqueuedTime"))
        return iso_time(enqueued_);
    if (named("connectionDeviceId"))
        return text_or_undefined(sender_.device);
    if (named("connectionModuleId"))
        return text_or_undefined(sender_.module);
    if (named("connectionDeviceGenerationId"))
        return text_or_undefined(sender_.generation_id);
    if (named("connectionAuthMethod"))
        return text_or_undefined(sender_.auth_method);
    if (named("dt-dataschema"))
        return text_or_undefined(sender_.model_id);
    if (named("ack"))
        return application_property("iothub-ack");
    if (named("dt-subject")) {
        const auto found =
            message_.message_annotations() ? amqp::find_entry(message_.message_annotations().content, name) : amqp::encoded_view();
        return found ? as_property(found) : value();
    }
    return of_properties(name);
}

value message_subject::of_properties(std::string_view name) const {
    const auto named = [name](std::string_view known) { return boost::iequals(name, known); };
    if (named("messageId"))
        return id_or_undefined(properties().message_id);
    if (named("correlationId"))
        return id_or_undefined(properties().correlation_id);
    if (named("userId"))
        return properties().user_id ? value(std::string(amqp::as_text(*properties().user_id))) : value();
    if (named("to"))
        return text_or_undefined(properties().to);
    if (named("contentType"))
        return text_or_undefined(properties().content_type);
    if (named("contentEncoding"))
        return text_or_undefined(properties().content_encoding);
    return undefined();
}

const amqp::message_properties& message_subject::properties() const {
    if (!properties_)
        properties_ = amqp::read_properties(message_.properties().content).value_or(amqp::message_properties());
    return *properties_;
}

const message_subject::parsed_body& message_subject::body() const {
    if (!body_)
        body_ = parse_body();
    return *body_;
}

message_subject::parsed_body message_subject::parse_body() const {
    const auto [type, charset] = split_content_type(properties().content_type.value_or(""));
    if (!boost::iequals(type, "application/json"))
        return {{}, fmt::format("the content type is '{}', not application/json", type)};
    const std::string encoding = charset.empty() ? std::string(properties().content_encoding.value_or("")) : charset;
    const auto text = to_utf8(message_.joined_data(), encoding);
    if (!text)
        return {{}, fmt::format("the content encoding is '{}', not utf-8, utf-16 or utf-32", encoding)};
    boost::system::error_code error;
    auto document = boost::json::parse(*text, error);
    if (error)
        return {{}, "the body is no JSON: " + error.message()};
    if (!document.is_object())
        return {{}, "the body is no JSON object"};
    return {std::move(document), ""};
}

} // namespace capstan::hub::routing
