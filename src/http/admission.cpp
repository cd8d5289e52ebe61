#include "http/admission.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/status.hpp"

namespace capstan::http {

asio::awaitable<std::optional<answer>> admit(context& in, hub::operation what, std::size_t count) {
    auto* const limits = in.hub.throttle();
    if (limits == nullptr)
        co_return std::nullopt;
    const auto now = in.hub.clock().now();
    const auto wait = limits->take(what, now, count);
    if (!wait) {
        auto refused = error_answer(errc::throttled, hub::throttled_text(what), now);
        refused.headers.emplace_back("Retry-After", std::to_string(hub::throttle::queue.count()));
        co_return refused;
    }
    if (*wait > std::chrono::milliseconds(0)) {
        asio::steady_timer turn(co_await asio::this_coro::executor, *wait);
        co_await turn.async_wait(asio::use_awaitable);
    }
    co_return std::nullopt;
}

} // namespace capstan::http
