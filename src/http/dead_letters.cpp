// What waits for a device, and what has died: looked at without being taken, and sent again. Our own; Azure shows neither.

#include "hub/commands/dead_letters.hpp"

#include <charconv>

#include <capstan/amqp/message.hpp>

#include "auth/base64.hpp"
#include "http/ask.hpp"
#include "http/resources.hpp"
#include "http/status.hpp"
#include "hub/commands/feedback_message.hpp"

namespace capstan::http {
namespace {

namespace json = boost::json;

json::object properties_of(const amqp::message_view& message) {
    json::object all;
    const auto decoded = message.application_properties() ? amqp::decode_value(message.application_properties().content) : std::nullopt;
    if (const auto* map = decoded ? decoded->get<amqp::map>() : nullptr)
        for (const auto& [name, content] : map->entries)
            all[name.text().value_or("")] = content.text() ? std::string(*content.text()) : amqp::to_text(content);
    return all;
}

json::object describe(const store::command& command) {
    json::object shown{{"sequenceNumber", command.sequence},
                       {"messageId", command.message_id},
                       {"enqueuedTimeUtc", hub::iso_time(command.enqueued)},
                       {"expiryTimeUtc", hub::iso_time(command.expires)},
                       {"deliveryCount", command.delivery_count}};
    if (const auto message = amqp::message_view::parse(command.message)) {
        shown["properties"] = properties_of(*message);
        // A body that is no octets is shown as it is encoded.
        if (message->body_kind().value_or(amqp::section_code::data) == amqp::section_code::data)
            shown["body"] = auth::to_base64(message->joined_data());
        else
            shown["amqpBody"] = auth::to_base64(message->body());
    }
    return shown;
}

json::object describe_dead(const store::command& command) {
    auto shown = describe(command);
    shown["reason"] = hub::to_text(*command.died_of);
    shown["deadLetteredTimeUtc"] = hub::iso_time(command.died);
    return shown;
}

std::optional<std::uint64_t> number_in(const std::string& text) {
    std::uint64_t number = 0;
    const auto end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    return parsed.ec == std::errc() && parsed.ptr == end ? std::optional(number) : std::nullopt;
}

answer unreadable(wall_time now) { return error_answer(errc::service_unavailable, "The device's messages cannot be read now.", now); }

} // namespace

asio::awaitable<answer> peek_commands(context& in, const request& asked) {
    if (auto none = no_holder(in, asked))
        co_return *std::move(none);
    auto start = [&](auto done) { in.hub.commands().look(asked.holder(), in.home, std::move(done)); };
    const auto found = co_await ask<std::optional<std::vector<hub::mailbox::waiting>>>(start);
    if (!found)
        co_return unreadable(in.hub.clock().now());
    json::array all;
    for (const auto& each : *found) {
        auto shown = describe(*each.command);
        shown["state"] = each.locked ? "locked" : "enqueued";
        all.push_back(std::move(shown));
    }
    answer result;
    result.body = std::move(all);
    co_return result;
}

asio::awaitable<answer> get_dead_letters(context& in, const request& asked) {
    if (auto none = no_holder(in, asked))
        co_return *std::move(none);
    auto start = [&](auto done) { hub::list_dead_letters(in.hub, asked.holder(), in.home, std::move(done)); };
    const auto found = co_await ask<store::outcome<std::vector<store::command>>>(start);
    if (!found)
        co_return unreadable(in.hub.clock().now());
    json::array all;
    for (const auto& each : *found)
        if (each.died_of)
            all.push_back(describe_dead(each));
    answer result;
    result.body = std::move(all);
    co_return result;
}

asio::awaitable<answer> delete_dead_letters(context& in, const request& asked) {
    const auto now = in.hub.clock().now();
    if (auto none = no_holder(in, asked))
        co_return *std::move(none);
    const bool one = asked.segments_below_holder() > 1;
    const auto number = one ? number_in(asked.below_holder(1)) : std::nullopt;
    if (one && !number)
        co_return error_answer(errc::message_not_found, "There is no such dead letter.", now);
    auto start = [&](auto done) { hub::remove_dead_letters(in.hub, asked.holder(), number, in.home, std::move(done)); };
    const auto removed = co_await ask<store::outcome<std::size_t>>(start);
    if (!removed)
        co_return unreadable(now);
    if (number && *removed == 0)
        co_return error_answer(errc::message_not_found, "There is no such dead letter.", now);
    answer result;
    result.body = json::object{{"totalMessagesDeleted", *removed}, {"deviceId", asked.path[1]}};
    co_return result;
}

asio::awaitable<answer> requeue_dead_letter(context& in, const request& asked) {
    const auto now = in.hub.clock().now();
    if (auto none = no_holder(in, asked))
        co_return *std::move(none);
    const auto number = number_in(asked.below_holder(1));
    if (!number)
        co_return error_answer(errc::message_not_found, "There is no such dead letter.", now);
    auto start = [&](auto done) { hub::requeue_dead_letter(in.hub, asked.holder(), *number, in.home, std::move(done)); };
    const auto refused = co_await ask<std::optional<amqp::error>>(start);
    answer result;
    result.status = status::no_content;
    if (!refused)
        co_return result;
    if (refused->condition == hub::condition_of(hub::errc::message_not_found))
        co_return error_answer(errc::message_not_found, "There is no such dead letter.", now);
    if (refused->condition == hub::condition_of(hub::errc::queue_depth_exceeded))
        co_return error_answer(errc::quota_exceeded, "The device's queue is full; the dead letter stays.", now);
    co_return error_answer(errc::service_unavailable, "The hub takes no messages now; the dead letter stays.", now);
}

} // namespace capstan::http
