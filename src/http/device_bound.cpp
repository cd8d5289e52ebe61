// Cloud-to-device messages for devices that fetch them over HTTPS, without a link: contract/rest.md, section 10.

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "auth/ascii.hpp"

#include "http/ask.hpp"
#include "http/resources.hpp"
#include "http/status.hpp"
#include "hub/commands/command_center.hpp"
#include "hub/commands/command_message.hpp"
#include "hub/conditions.hpp"
#include "hub/presence.hpp"

namespace capstan::http {
namespace {

using headers = std::vector<std::pair<std::string, std::string>>;

/// What a header may hold: the rest, a line end above all, is percent-encoded, and '%' with it. So are blanks at an end, which are not
/// part of a header's value.
std::string header_safe(std::string_view text, bool name) {
    constexpr std::string_view not_in_names = "()<>@,;:\\\"/[]?={} ";
    std::string safe;
    for (const char& c : text) {
        const auto octet = static_cast<unsigned char>(c);
        const bool at_end = c == ' ' && (&c == &text.front() || &c == &text.back());
        const bool bad = octet < 0x20 || octet > 0x7e || c == '%' || at_end || (name && not_in_names.contains(c));
        safe += bad ? fmt::format("%{:02X}", octet) : std::string(1, c);
    }
    return safe;
}

void add(headers& to, std::string_view name, std::string_view value) {
    if (!value.empty())
        to.emplace_back(header_safe(name, true), header_safe(value, false));
}

std::string_view name_of(store::ack_mode ack) {
    switch (ack) {
    case store::ack_mode::none: return "none";
    case store::ack_mode::positive: return "positive";
    case store::ack_mode::negative: return "negative";
    case store::ack_mode::full: return "full";
    }
    return "none";
}

void add_properties(headers& to, const amqp::message_view& message) {
    if (const auto properties = amqp::read_properties(message.properties().content)) {
        add(to, "iothub-messageid", amqp::id_text(properties->message_id));
        add(to, "iothub-correlationid", amqp::id_text(properties->correlation_id));
        if (properties->user_id)
            add(to, "iothub-userid", amqp::as_text(*properties->user_id));
        add(to, "iothub-to", properties->to.value_or(""));
        add(to, "iothub-contenttype", properties->content_type.value_or(""));
        add(to, "iothub-contentencoding", properties->content_encoding.value_or(""));
    }
    const auto all = amqp::decode_value(message.application_properties() ? message.application_properties().content : amqp::encoded_view{});
    if (const auto* map = all ? all->get<amqp::map>() : nullptr)
        for (const auto& [name, value] : map->entries)
            to.emplace_back(header_safe(fmt::format("iothub-app-{}", name.text().value_or("")), true),
                            header_safe(value.text().value_or(""), false)); // one with an empty value is there too
}

answer describe(const hub::locked_command& given) {
    answer result;
    const auto& command = *given.command;
    add(result.headers, "ETag", fmt::format("\"{}\"", hub::token_text(given.token)));
    add(result.headers, "iothub-sequencenumber", std::to_string(command.sequence));
    add(result.headers, "iothub-enqueuedtime", hub::iso_time(command.enqueued));
    add(result.headers, "iothub-deliverycount", std::to_string(command.delivery_count));
    add(result.headers, "iothub-expiry", hub::iso_time(command.expires));
    add(result.headers, "iothub-ack", name_of(command.ack));
    if (const auto message = amqp::message_view::parse(command.message)) {
        add_properties(result.headers, *message);
        const auto body = message->joined_data();
        result.octets.emplace(body.begin(), body.end());
    }
    return result;
}

/// Clients take 16 to 64 KB of headers; Beast no single one beyond 64.
bool fits(const answer& given) {
    constexpr std::size_t limit = 48 * 1024;
    std::size_t size = 0;
    for (const auto& [name, value] : given.headers)
        size += name.size() + value.size() + 4;
    return size <= limit;
}

/// An answer is octets: a body of AMQP values or sequences is none, and must not arrive as if it were empty.
bool has_octets(const store::command& command) {
    const auto message = amqp::message_view::parse(command.message);
    return !message || message->body_kind().value_or(amqp::section_code::data) == amqp::section_code::data;
}

answer nothing() {
    answer result;
    result.status = status::no_content;
    return result;
}

/// The .NET client asks in the query, Azure's command line in a header (contract/semantics.md, 1.3). What Azure's longest is nobody knows.
std::expected<std::optional<std::chrono::seconds>, std::string> lock_asked_for(const request& asked) {
    constexpr int longest = 300;
    auto text = asked.header("iothub-messagelocktimeout");
    for (const auto& [name, value] : asked.query)
        if (auth::equal_ignoring_case(name, "iothub-messagelocktimeout") || auth::equal_ignoring_case(name, "messageLockTimeout"))
            text = value;
    if (text.empty())
        return std::nullopt;
    int seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (end != text.data() + text.size() || error == std::errc::invalid_argument)
        return std::unexpected("The lock's time must be a number of seconds.");
    const bool too_large = error == std::errc::result_out_of_range && !text.starts_with('-');
    return std::chrono::seconds(too_large ? longest : std::clamp(seconds, 1, longest));
}

asio::awaitable<answer> settle(context& in, const request& asked, hub::verdict what) {
    const auto now = in.hub.clock().now();
    const auto token = hub::token_from_text(unquoted(asked.below_holder(2)));
    if (!token)
        co_return error_answer(errc::message_lock_lost, "This is no lock of a message.", now);
    in.hub.presence().seen(asked.holder(), now);
    auto start = [&](auto done) { in.hub.commands().settle(asked.holder(), *token, what, in.home, std::move(done)); };
    const auto refused = co_await ask<std::optional<amqp::error>>(start);
    if (!refused)
        co_return nothing();
    const bool lost = refused->condition == hub::condition_of(hub::errc::message_lock_lost);
    co_return error_answer(lost ? errc::message_lock_lost : errc::server_error, "The lock of the message has been lost.", now);
}

} // namespace

asio::awaitable<answer> receive_command(context& in, const request& asked) {
    const auto lock = lock_asked_for(asked);
    if (!lock)
        co_return error_answer(errc::argument_invalid, lock.error(), in.hub.clock().now());
    in.hub.presence().seen(asked.holder(), in.hub.clock().now());
    auto start = [&](auto done) { in.hub.commands().take_next(asked.holder(), *lock, in.home, std::move(done)); };
    const auto given = co_await ask<hub::command_center::next_command>(start);
    if (!given)
        co_return error_answer(errc::service_unavailable, "The device's messages cannot be read now.", in.hub.clock().now());
    if (!*given)
        co_return nothing();
    const auto now = in.hub.clock().now();
    const bool octets = has_octets(*(*given)->command);
    auto described = describe(**given);
    if (octets && fits(described))
        co_return described;
    in.hub.commands().release(asked.holder(), (*given)->token);
    if (!octets)
        co_return error_answer(errc::invalid_format, "The next message's body is of AMQP's own types: receive it over AMQP.", now);
    co_return error_answer(errc::header_too_large, "The next message's properties are too large for HTTP: receive it over AMQP.", now);
}

asio::awaitable<answer> settle_command(context& in, const request& asked) {
    return settle(in, asked, asked.parameter("reject") ? hub::verdict::reject : hub::verdict::complete);
}

asio::awaitable<answer> abandon_command(context& in, const request& asked) { return settle(in, asked, hub::verdict::abandon); }

} // namespace capstan::http
