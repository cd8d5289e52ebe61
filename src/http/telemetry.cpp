// Telemetry over HTTPS, one message or a batch: contract/rest.md, section 10.

#include "auth/base64.hpp"
#include "http/ask.hpp"
#include "http/message_parts.hpp"
#include "http/resources.hpp"
#include "http/status.hpp"
#include "hub/access.hpp"
#include "hub/conditions.hpp"
#include "hub/endpoints/telemetry_in.hpp"
#include "hub/presence.hpp"

namespace capstan::http {
namespace {

namespace json = boost::json;

constexpr std::string_view batch_type = "application/vnd.microsoft.iothub.json";

using messages = std::vector<bytes>;
using read = std::expected<messages, std::string>; ///< or what is wrong

read single(const request& asked) {
    message_parts made;
    for (const auto& [name, value] : asked.headers)
        made.put(name, value);
    if (!made.readable)
        return std::unexpected("A header is not in UTF-8.");
    if (auto problem = made.problem())
        return std::unexpected(*std::move(problem));
    return messages{made.with(as_bytes(asked.body))};
}

std::expected<bytes, std::string> batched(const json::object& entry) {
    const auto* const body = entry.if_contains("body");
    const auto* const encoded = entry.if_contains("base64Encoded");
    if (body == nullptr || !body->is_string())
        return std::unexpected("Each message of a batch needs a body.");
    const std::string_view text = body->get_string();
    const bool plain = encoded != nullptr && encoded->is_bool() && !encoded->get_bool();
    const auto octets = plain ? std::optional(bytes(text.begin(), text.end())) : auth::from_base64(text);
    if (!octets)
        return std::unexpected("A body is not in base64.");
    message_parts made;
    if (const auto* const named = entry.if_contains("properties"); named != nullptr && named->is_object())
        for (const auto& [name, value] : named->get_object())
            if (value.is_string())
                made.put(name, value.get_string());
    if (auto problem = made.problem())
        return std::unexpected(*std::move(problem));
    return made.with(*octets);
}

read several(const request& asked) {
    boost::system::error_code error;
    const auto body = json::parse(asked.body, error);
    if (error || !body.is_array() || body.get_array().size() > amqp::max_batched_messages)
        return std::unexpected("A batch is a JSON array of messages.");
    messages all;
    for (const auto& each : body.get_array()) {
        auto one = each.is_object() ? batched(each.get_object()) : std::unexpected("Each message of a batch is an object.");
        if (!one)
            return std::unexpected(one.error());
        all.push_back(*std::move(one));
    }
    return all;
}

/// The router has let them in: this is how.
hub::identities::proof proof_of(const context& in, const request& asked) {
    if (asked.certificate)
        return hub::identities::proof::certificate;
    const auto who = in.hub.access().check_token(asked.authorization);
    const bool policy = who && who->what == hub::principal::kind::policy;
    return policy ? hub::identities::proof::policy : hub::identities::proof::device_key;
}

std::size_t total_size(const messages& all) {
    std::size_t size = 0;
    for (const auto& each : all)
        size += amqp::accounted_size(amqp::message_view::parse(each).value());
    return size;
}

answer refused(const amqp::error& why, wall_time now) {
    const bool large = why.condition == hub::condition_of(hub::errc::message_too_large);
    return error_answer(large ? errc::message_too_large : errc::argument_invalid,
                        large ? "The message is larger than it may be." : "The message is malformed.", now);
}

} // namespace

asio::awaitable<answer> post_telemetry(context& in, const request& asked) {
    const auto now = in.hub.clock().now();
    const auto sender = in.hub.registry().find(asked.holder());
    const auto given = asked.header("content-type").starts_with(batch_type) ? several(asked) : single(asked);
    if (!given)
        co_return error_answer(errc::argument_invalid, given.error(), now);
    if (!sender || in.hub.bytes_in_flight() > hub::hub::in_flight_limit)
        co_return error_answer(errc::service_unavailable, "The hub is busy.", now);
    in.hub.presence().seen(sender->id, now);
    hub::telemetry_batch batch(in.hub, hub::sender_of(*sender, proof_of(in, asked)));
    if (total_size(*given) > in.hub.config().telemetry_size_max)
        co_return error_answer(errc::message_too_large, "The messages are larger than they may be together.", now);
    for (const auto& each : *given)
        if (const auto taken = batch.take(each, 0, now); !taken)
            co_return refused(taken.error(), now);
    const auto size = batch.size();
    in.hub.bytes_in_flight() += size;
    in.hub.intake().begins(size);
    auto start = [&](auto done) {
        auto once = std::make_shared<decltype(done)>(std::move(done));
        batch.append(in.home, [once](const store::outcome<void>& result) { (*once)(result); });
    };
    const auto stored = co_await ask<store::outcome<void>>(start);
    in.hub.intake().ends(size);
    in.hub.bytes_in_flight() -= size;
    if (!stored)
        co_return error_answer(errc::service_unavailable, "The hub's store takes no messages now.", now);
    answer result;
    result.status = status::no_content;
    co_return result;
}

} // namespace capstan::http
