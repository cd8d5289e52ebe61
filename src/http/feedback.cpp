// Feedback for services that fetch it over HTTPS, without a link: contract/rest.md, section 7. The queue is the one that links read.

#include <fmt/format.h>

#include "http/ask.hpp"
#include "http/resources.hpp"
#include "http/status.hpp"
#include "hub/commands/command_message.hpp"
#include "hub/commands/feedback_message.hpp"
#include "hub/conditions.hpp"

namespace capstan::http {
namespace {

answer nothing() {
    answer result;
    result.status = status::no_content;
    return result;
}

/// /messages/servicebound/feedback/{lock}
asio::awaitable<answer> settle(context& in, const request& asked, hub::verdict what) {
    const auto token = hub::token_from_text(unquoted(asked.path[3]));
    if (token) {
        auto start = [&](auto done) { in.hub.feedback().settle(*token, what, in.home, std::move(done)); };
        if (co_await ask<bool>(start))
            co_return nothing();
    }
    co_return error_answer(errc::message_lock_lost, "The lock of the feedback has been lost.", in.hub.clock().now());
}

} // namespace

asio::awaitable<answer> receive_feedback(context& in, const request&) {
    auto start = [&](auto done) { in.hub.feedback().take_next(in.home, std::move(done)); };
    const auto batch = co_await ask<std::optional<hub::locked_feedback>>(start);
    if (!batch)
        co_return nothing();
    answer result;
    result.body = hub::feedback_json(*batch->records);
    result.headers.emplace_back("Content-Type", fmt::format("{}; charset=utf-8", hub::feedback_type));
    result.headers.emplace_back("ETag", fmt::format("\"{}\"", hub::token_text(batch->token)));
    result.headers.emplace_back("iothub-enqueuedtime", hub::iso_time(batch->enqueued));
    co_return result;
}

asio::awaitable<answer> complete_feedback(context& in, const request& asked) { return settle(in, asked, hub::verdict::complete); }

asio::awaitable<answer> abandon_feedback(context& in, const request& asked) { return settle(in, asked, hub::verdict::abandon); }

} // namespace capstan::http
