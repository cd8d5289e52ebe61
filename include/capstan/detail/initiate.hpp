#pragma once
// How public operations begin: with any of Asio's completion tokens, behind a handler whose type the library's own sources know.

#include <exception>
#include <utility>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace capstan {

namespace asio = boost::asio;

namespace detail {

template<class... Values> using signature = void(std::exception_ptr, Values...);
template<class... Values> using handler = asio::any_completion_handler<signature<Values...>>;

/// `start` is called with the handler when the token wants the operation to begin.
template<class... Values, class Token, class Start> auto initiate(Token&& token, Start start) {
    auto begin = [](auto whose, Start started) { started(handler<Values...>(std::move(whose))); };
    return asio::async_initiate<Token, signature<Values...>>(std::move(begin), token, std::move(start));
}

} // namespace detail

/// What may be given as the last argument of an operation: asio::use_awaitable (the default), asio::deferred, asio::use_future,
/// asio::detached, asio::as_tuple(...), or a function object (std::exception_ptr, Values...).
template<class Token, class... Values>
concept completion_token = asio::completion_token_for<Token, detail::signature<Values...>>;

} // namespace capstan
