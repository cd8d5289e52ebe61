#include "hub/routing/document.hpp"

#include <capstan/amqp/message.hpp>

#include "auth/base64.hpp"
#include "hub/conditions.hpp"
#include "hub/routing/body_json.hpp"

namespace capstan::hub::routing {
namespace {

namespace json = boost::json;

std::string text_of(const amqp::value& from) {
    if (const auto text = from.text())
        return std::string(*text);
    if (const auto* time = from.get<amqp::timestamp>())
        return iso_time(wall_time(std::chrono::milliseconds(time->milliseconds)));
    return from.is_null() ? std::string() : amqp::to_text(from);
}

/// What readers find as annotations, under its name in documents.
void add_annotations(const store::event_view& event, json::object& to) {
    constexpr std::pair<std::string_view, std::string_view> names[] = {
        {"iothub-connection-device-id", "connectionDeviceId"},
        {"iothub-connection-module-id", "connectionModuleId"},
        {"iothub-connection-auth-method", "connectionAuthMethod"},
        {"iothub-connection-auth-generation-id", "connectionDeviceGenerationId"},
        {"iothub-enqueuedtime", "enqueuedTime"},
    };
    for (const bytes_view encoded : {event.stamp, event.annotations}) {
        amqp::decoder pairs(encoded);
        for (amqp::symbol_view key; pairs.read(key);) {
            const auto content = amqp::decode_value(pairs);
            if (!content)
                return;
            const auto known = std::ranges::find(names, key.text, &std::pair<std::string_view, std::string_view>::first);
            to[known == std::end(names) ? key.text : known->second] = text_of(*content);
        }
    }
}

void add_properties(const amqp::message_properties& from, json::object& to) {
    const auto add = [&to](std::string_view name, std::string_view text) {
        if (!text.empty())
            to[name] = text;
    };
    add("messageId", amqp::id_text(from.message_id));
    add("correlationId", amqp::id_text(from.correlation_id));
    add("userId", from.user_id ? amqp::as_text(*from.user_id) : std::string_view());
    add("to", from.to.value_or(""));
    if (from.creation_time)
        to["creationTime"] = iso_time(wall_time(std::chrono::milliseconds(from.creation_time->milliseconds)));
    add("contentType", from.content_type.value_or(""));
    add("contentEncoding", from.content_encoding.value_or(""));
}

json::object application_properties(const amqp::message_view& message) {
    json::object all;
    const auto decoded = message.application_properties() ? amqp::decode_value(message.application_properties().content) : std::nullopt;
    if (const auto* map = decoded ? decoded->get<amqp::map>() : nullptr)
        for (const auto& [name, content] : map->entries)
            all[name.text().value_or("")] = text_of(content);
    return all;
}

json::value body_of(const amqp::message_view& message, const amqp::message_properties& properties) {
    if (auto parsed = json_of(message, properties))
        return *std::move(parsed);
    return json::string(auth::to_base64(message.joined_data()));
}

} // namespace

json::object document_of(const store::event_view& event) {
    json::object system;
    add_annotations(event, system);
    json::object document{{"EnqueuedTimeUtc", iso_time(event.enqueued)}};
    const auto message = amqp::message_view::parse(event.message);
    if (!message)
        return document;
    const auto properties = amqp::read_properties(message->properties().content).value_or(amqp::message_properties());
    add_properties(properties, system);
    document["Properties"] = application_properties(*message);
    document["SystemProperties"] = std::move(system);
    document["Body"] = body_of(*message, properties);
    return document;
}

} // namespace capstan::hub::routing
