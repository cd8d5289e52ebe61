#pragma once
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace capstan::http {

/// Waits for an answer that comes by a callback: `start` is called with a function to hand the answer to, once, on this thread.
template<class Answer, class Start> boost::asio::awaitable<Answer> ask(Start start) {
    auto initiate = [](auto handler, Start begin) {
        begin([handler = std::move(handler)](Answer given) mutable { std::move(handler)(std::move(given)); });
    };
    co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Answer)>(initiate, boost::asio::use_awaitable,
                                                                                                       std::move(start));
}

} // namespace capstan::http
