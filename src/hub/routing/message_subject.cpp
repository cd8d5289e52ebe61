#include "hub/routing/message_subject.hpp"

#include <boost/algorithm/string/predicate.hpp>
#include <fmt/format.h>

#include "hub/conditions.hpp"
#include "hub/routing/body_json.hpp"
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
    auto document = json_of(message_, properties());
    if (!document)
        return {{}, std::move(document.error())};
    if (!document->is_object())
        return {{}, "the body is no JSON object"};
    return {*std::move(document), ""};
}

} // namespace capstan::hub::routing
