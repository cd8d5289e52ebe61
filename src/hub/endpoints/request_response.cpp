#include "hub/endpoints/request_response.hpp"

namespace capstan::hub {
namespace {

/// The real hub's, for requests (contract/iothub-amqp.md, 4.1).
constexpr std::uint32_t request_credit = 100;

/// A stranger's too: of the longest request, which has a token of some kilobytes, many may be on their way at once.
constexpr std::uint64_t max_request = 64 * 1024;

std::expected<request, std::string> read_request(bytes_view payload) {
    const auto message = amqp::message_view::parse(payload);
    if (!message)
        return std::unexpected(message.error());
    auto properties = amqp::read_properties(message->properties().content);
    if (!properties)
        return std::unexpected(properties.error());
    request asked;
    asked.message_id = std::move(properties->message_id);
    asked.reply_to = properties->reply_to.value_or("");
    if (auto entries = amqp::decode_value(message->application_properties().content))
        if (const auto* map = entries->get<amqp::map>())
            asked.properties = *map;
    if (auto body = amqp::decode_value(message->body_value()))
        asked.body = std::move(*body);
    return asked;
}

} // namespace

void response_endpoint::open() {
    // As asked, like the real hub: clients read what they asked for. What may be either is sent unsettled.
    box_.add_link(info()); // before it is accepted: then the name of its other end is forgotten
    engine().accept(link_, {.snd_settle_mode = info().snd_settle_mode.value_or(0), .rcv_settle_mode = 0});
    box_.pump(engine());
}

void response_endpoint::on_credit() {
    box_.pump(engine());
    // Answers may wait for the session's window to open.
    if (engine().draining(link_) && engine().credit(link_) == engine().credit_left(link_))
        engine().drained(link_);
}

std::string_view request::text(std::string_view key) const {
    const auto* found = properties.find(key);
    return found ? found->content().text().value_or("") : "";
}

void request_endpoint::open() {
    engine().accept(link_, {.snd_settle_mode = info().snd_settle_mode.value_or(0),
                            .rcv_settle_mode = 0,
                            .credit = request_credit,
                            .max_message_size = max_request});
}

void request_endpoint::on_delivery(const amqp::delivery& delivery) {
    const auto asked = read_request(delivery.payload);
    if (!asked)
        return reject(delivery, describe(errc::invalid_format, asked.error(), with_.now()));
    // First the disposition, then the answer: uAMQP takes an answer to a request that is not settled for a failure.
    accept(delivery);
    reply(*asked, answer(*asked));
    top_up(request_credit);
}

response request_endpoint::refuse(int status, amqp::error why, std::string_view about) {
    with_.refused("request", why, about);
    auto id = marks_of(why).tracking_id;
    return {.status = status,
            .description = std::move(why.description),
            .condition = std::move(why.condition),
            .tracking_id = std::move(id),
            .body = {}};
}

void request_endpoint::reply(const request& asked, const response& answered) {
    amqp::bytes message;
    amqp::message_builder builder(message);
    amqp::message_properties properties;
    properties.correlation_id = asked.message_id; // same type, same value
    builder.properties(properties).application_properties([&](amqp::map_writer& entries) {
        entries.add("status-code", static_cast<std::int32_t>(answered.status));
        entries.add("status-description", std::string_view(answered.description));
        if (!answered.condition.empty())
            entries.add("error-condition", amqp::symbol_view{answered.condition});
        if (!answered.tracking_id.empty())
            entries.add("com.microsoft:tracking-id", std::string_view(answered.tracking_id));
    });
    if (!answered.body.is_null())
        builder.value(answered.body);
    box_.put(asked.reply_to, info().channel, std::move(message));
    box_.pump(engine());
}

} // namespace capstan::hub
