#include "client/message_codec.hpp"

#include "auth/random.hpp"

namespace capstan::client {
namespace {

std::string_view name_of(feedback_wanted outcomes) {
    switch (outcomes) {
    case feedback_wanted::none: return "none";
    case feedback_wanted::positive: return "positive";
    case feedback_wanted::negative: return "negative";
    case feedback_wanted::full: break;
    }
    return "full";
}

/// Null for an empty text.
std::optional<std::string_view> or_absent(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
}

std::string text_of(const amqp::value& what) {
    if (const auto text = what.text())
        return std::string(*text);
    return what.is_null() ? std::string() : amqp::to_text(what);
}

/// The body's octets; of values and sequences, which others may send, the text.
std::string body_of(const amqp::message_view& from) {
    std::string body;
    switch (from.body_kind().value_or(amqp::section_code::data)) {
    case amqp::section_code::value: return text_of(amqp::decode_value(from.body_value()).value_or(amqp::value()));
    case amqp::section_code::sequence:
        // Section by section: a descriptor, and the list behind it.
        for (amqp::decoder rest(from.body()); rest.enter_described() && rest.skip();)
            body += text_of(amqp::decode_value(rest).value_or(amqp::value()));
        return body;
    default: break;
    }
    const auto data = from.joined_data();
    return {data.begin(), data.end()};
}

/// Part 3, section 3.2.4. Its texts are those of `from`.
amqp::message_properties head_of(const message& from) {
    amqp::message_properties head;
    head.message_id = amqp::value(from.message_id());
    if (!from.user_id().empty())
        head.user_id = amqp::as_bytes(from.user_id());
    head.to = or_absent(from.to());
    head.subject = or_absent(from.subject());
    head.reply_to = or_absent(from.reply_to());
    if (!from.correlation_id().empty())
        head.correlation_id = amqp::value(from.correlation_id());
    head.content_type = or_absent(from.content_type());
    head.content_encoding = or_absent(from.content_encoding());
    if (from.expires_at())
        head.absolute_expiry_time = amqp::timestamp{from.expires_at()->time_since_epoch().count()};
    if (from.creation_time())
        head.creation_time = amqp::timestamp{from.creation_time()->time_since_epoch().count()};
    head.group_id = or_absent(from.group_id());
    head.group_sequence = from.group_sequence();
    head.reply_to_group_id = or_absent(from.reply_to_group_id());
    return head;
}

wall_clock_time time_of(amqp::timestamp when) { return wall_clock_time(std::chrono::milliseconds(when.milliseconds)); }

void take_head(const amqp::message_properties& head, message& to) {
    const auto text = [](std::optional<std::string_view> what) { return std::string(what.value_or("")); };
    to.message_id(amqp::id_text(head.message_id)).correlation_id(amqp::id_text(head.correlation_id));
    if (head.user_id)
        to.user_id(std::string(amqp::as_text(*head.user_id)));
    to.to(text(head.to)).subject(text(head.subject)).reply_to(text(head.reply_to));
    to.content_type(text(head.content_type)).content_encoding(text(head.content_encoding));
    if (head.absolute_expiry_time)
        to.expires_at(time_of(*head.absolute_expiry_time));
    if (head.creation_time)
        to.creation_time(time_of(*head.creation_time));
    to.group_id(text(head.group_id)).reply_to_group_id(text(head.reply_to_group_id));
    if (head.group_sequence)
        to.group_sequence(*head.group_sequence);
}

} // namespace

amqp::bytes encode(message what) {
    if (what.message_id().empty())
        what.message_id(auth::random_uuid());
    const auto head = head_of(what);
    amqp::bytes out;
    amqp::message_builder builder(out);
    builder.properties(head);
    if (!what.properties().empty() || what.feedback() != feedback_wanted::none)
        builder.application_properties([&](amqp::map_writer& entries) {
            if (what.feedback() != feedback_wanted::none)
                entries.add("iothub-ack", name_of(what.feedback()));
            for (const auto& [name, value] : what.properties())
                entries.add(name, std::string_view(value));
        });
    builder.data(what.body());
    return out;
}

amqp::bytes encode_batch(std::vector<message> what) {
    amqp::bytes out;
    amqp::message_builder builder(out);
    for (auto& each : what)
        builder.data(encode(std::move(each)));
    return out;
}

message decode(const amqp::message_view& from) {
    message to(body_of(from));
    if (const auto head = amqp::read_properties(from.properties().content))
        take_head(*head, to);
    const auto entries = amqp::decode_value(from.application_properties().content);
    if (const auto* map = entries ? entries->get<amqp::map>() : nullptr)
        for (const auto& [name, value] : map->entries)
            to.property(text_of(name), text_of(value));
    return to;
}

} // namespace capstan::client
