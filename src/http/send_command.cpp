// POST /devices/{id}[/modules/{id}]/messages/devicebound: a cloud-to-device message over HTTPS, as Azure's IoT Explorer sends it
// (contract/rest.md, section 7).

#include <fmt/format.h>

#include "http/ask.hpp"
#include "http/message_parts.hpp"
#include "http/resources.hpp"
#include "http/status.hpp"
#include "hub/commands/command_center.hpp"
#include "hub/commands/command_message.hpp"
#include "hub/conditions.hpp"

namespace capstan::http {
namespace {

/// What the error says, of its JSON text.
std::string text_of(const amqp::error& why) {
    boost::system::error_code error;
    const auto parsed = boost::json::parse(why.description, error);
    const auto* object = error ? nullptr : parsed.if_object();
    const auto* message = object ? object->if_contains("message") : nullptr;
    return message && message->is_string() ? std::string(message->get_string()) : "The message was refused.";
}

answer refused(const amqp::error& why, wall_time now) {
    const auto is = [&](hub::errc code) { return why.condition == hub::condition_of(code); };
    auto code = errc::service_unavailable;
    if (is(hub::errc::message_too_large))
        code = errc::message_too_large;
    else if (is(hub::errc::argument_invalid) || why.condition == amqp::condition::decode_error)
        code = errc::argument_invalid;
    else if (is(hub::errc::queue_depth_exceeded))
        code = errc::queue_depth_exceeded;
    return error_answer(code, text_of(why), now);
}

std::string address_of(const request& asked) {
    const auto module = asked.names_module() ? fmt::format("/modules/{}", asked.path[3]) : std::string();
    return fmt::format("/devices/{}{}/messages/devicebound", asked.path[1], module);
}

/// The command that the headers and the body make, or what is wrong with them.
std::expected<store::command, answer> command_of(const request& asked, const hub::settings& rules, wall_time now) {
    const auto to = address_of(asked);
    message_parts made;
    for (const auto& [name, value] : asked.headers)
        made.put(name, value);
    if (!made.readable)
        return std::unexpected(error_answer(errc::argument_invalid, "A header is not in UTF-8.", now));
    if (const auto problem = made.problem())
        return std::unexpected(error_answer(errc::argument_invalid, *problem, now));
    made.properties.to = to;
    if (const auto text = asked.header("iothub-expiry"); !text.empty()) {
        const auto expires = hub::parse_utc_time(text);
        if (!expires)
            return std::unexpected(error_answer(errc::argument_invalid, "iothub-expiry must be a time in UTC.", now));
        made.properties.absolute_expiry_time = amqp::timestamp{expires->time_since_epoch().count()};
    }
    const auto encoded = made.with(as_bytes(asked.body));
    auto read = hub::read_command(amqp::message_view::parse(encoded).value(), rules, now);
    if (!read)
        return std::unexpected(refused(read.error(), now));
    return std::move(read->command);
}

} // namespace

asio::awaitable<answer> send_command(context& in, const request& asked) {
    const auto now = in.hub.clock().now();
    if (auto none = no_holder(in, asked))
        co_return *std::move(none);
    if (!in.hub.registry().find(asked.path[1])->enabled) // as over AMQP
        co_return error_answer(errc::device_not_found, asked.path[1], now);
    auto made = command_of(asked, in.hub.config(), now);
    if (!made)
        co_return std::move(made.error());
    auto start = [&](auto done) { in.hub.commands().enqueue(asked.holder(), *std::move(made), in.home, std::move(done)); };
    const auto error = co_await ask<std::optional<amqp::error>>(start);
    if (error)
        co_return refused(*error, now);
    answer result;
    result.status = status::no_content;
    co_return result;
}

} // namespace capstan::http
