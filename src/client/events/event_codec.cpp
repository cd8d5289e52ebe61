#include "client/events/event_codec.hpp"

#include <capstan/amqp/message.hpp>

#include "client/message_codec.hpp"

namespace capstan::client {
namespace {

std::string text_of(const amqp::value& what) {
    const auto text = what.text();
    return text ? std::string(*text) : amqp::to_text(what);
}

} // namespace

event event_decoder::decode(amqp::bytes_view payload, std::string partition) {
    event made;
    made.partition_ = std::move(partition);
    const auto view = amqp::message_view::parse(payload);
    if (!view)
        return made;
    made.content_ = client::decode(*view);
    const auto decoded = amqp::decode_value(view->message_annotations().content);
    const auto* annotations = decoded ? decoded->get<amqp::map>() : nullptr;
    if (!annotations)
        return made;
    for (const auto& [key, value] : annotations->entries) {
        const auto name = text_of(key);
        if (name == "x-opt-sequence-number")
            made.sequence_number_ = value.integer().value_or(-1);
        else if (name == "x-opt-offset")
            made.offset_ = text_of(value);
        else if (const auto* when = value.get<amqp::timestamp>(); when && name == "x-opt-enqueued-time")
            made.enqueued_time_ = wall_clock_time(std::chrono::milliseconds(when->milliseconds));
        else if (name == "iothub-connection-device-id")
            made.device_id_ = text_of(value);
        made.annotations_.emplace(name, text_of(value));
    }
    return made;
}

} // namespace capstan::client
