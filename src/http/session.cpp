#include "http/session.hpp"

#include <array>
#include <optional>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <spdlog/spdlog.h>

#include "http/router.hpp"
#include "http/status.hpp"

namespace capstan::http {
namespace {

namespace beast = boost::beast;
using stream = beast::ssl_stream<beast::tcp_stream>;
using parser = beast::http::request_parser<beast::http::string_body>;
using response = beast::http::response<beast::http::string_body>;

/// Errors come back in `error`, not as exceptions.
auto into(boost::system::error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

request to_request(const parser& parsed, std::string peer) {
    const auto& message = parsed.get();
    request asked;
    asked.method = message.method() == verb::head ? verb::get : message.method();
    parse_target(std::string_view(message.target().data(), message.target().size()), asked);
    const auto text = [&](beast::http::field name) { return std::string(message[name]); };
    asked.authorization = text(beast::http::field::authorization);
    if (message.count(beast::http::field::if_match) > 0)
        asked.if_match = text(beast::http::field::if_match);
    asked.body = message.body();
    asked.peer = std::move(peer);
    return asked;
}

response to_response(const answer& given, const parser::value_type& asked, bool keep_alive) {
    response message(given.status, asked.version());
    message.keep_alive(keep_alive);
    for (const auto& [name, value] : given.headers)
        message.set(name, value);
    if (given.body) {
        message.set(beast::http::field::content_type, "application/json; charset=utf-8");
        message.body() = boost::json::serialize(*given.body);
    }
    message.prepare_payload();
    // An empty answer has no body at all; clients that see a length of 0 with 204 complain.
    if (given.status == status::no_content)
        message.erase(beast::http::field::content_length);
    if (asked.method() == verb::head)
        message.body().clear(); // the length stays
    return message;
}

/// What a handler throws is a fault of ours: it is logged, and only this request suffers.
asio::awaitable<answer> answer_to(context& in, const request& asked) {
    try {
        co_return co_await route(in, asked);
    } catch (const std::exception& fault) {
        spdlog::error("request failed peer={} fault=\"{}\"", asked.peer, fault.what());
    }
    co_return error_answer(errc::server_error, "InternalServerError", in.hub.clock().now());
}

/// Reads a whole request, in the time that is given to it.
asio::awaitable<boost::system::error_code> read_request(stream& wire, beast::flat_buffer& buffer, parser& parsed, const limits& bounds,
                                                        waiting_sessions& waiting) {
    boost::system::error_code error;
    parsed.header_limit(static_cast<std::uint32_t>(bounds.header));
    parsed.body_limit(bounds.body);
    auto& tcp = beast::get_lowest_layer(wire);
    tcp.expires_after(bounds.idle_time);
    waiting.streams.insert(&tcp);
    co_await beast::http::async_read_header(wire, buffer, parsed, into(error));
    waiting.streams.erase(&tcp);
    tcp.expires_after(bounds.request_time);
    if (!error && beast::iequals(parsed.get()[beast::http::field::expect], "100-continue")) {
        response go_on(status::continue_, parsed.get().version());
        co_await beast::http::async_write(wire, go_on, into(error));
    }
    if (!error)
        co_await beast::http::async_read(wire, buffer, parsed, into(error));
    co_return error;
}

/// What is wrong with a request that could not be read; none when there is nobody left to tell.
std::optional<answer> complaint(const boost::system::error_code& error, wall_time now) {
    using beast::http::error::body_limit, beast::http::error::header_limit, beast::http::error::end_of_stream;
    using beast::http::error::partial_message;
    if (error == body_limit)
        return error_answer(errc::body_too_large, "The body is too large.", now);
    if (error == header_limit)
        return error_answer(errc::header_too_large, "The header is too large.", now);
    const bool no_http = error.category() == beast::http::make_error_code(end_of_stream).category();
    if (!no_http || error == end_of_stream || error == partial_message)
        return std::nullopt;
    return error_answer(errc::bad_request, "This is not an HTTP request.", now);
}

/// Reads on for a while what a client that was refused still sends: closed at once, the connection would be reset, and the client
/// would not see why.
asio::awaitable<void> let_finish(stream& wire) {
    constexpr std::size_t enough = 8 << 20;
    beast::get_lowest_layer(wire).expires_after(std::chrono::seconds(2));
    std::array<char, 4096> nothing;
    boost::system::error_code error;
    for (std::size_t count = 0; !error && count < enough;)
        count += co_await wire.async_read_some(asio::buffer(nothing), into(error));
}

/// One request and its answer. False when the connection is over.
asio::awaitable<bool> serve_request(stream& wire, beast::flat_buffer& buffer, context& in, const limits& bounds, const std::string& peer,
                                    waiting_sessions& waiting) {
    parser parsed;
    auto error = co_await read_request(wire, buffer, parsed, bounds, waiting);
    std::optional<answer> given;
    if (error) {
        given = complaint(error, in.hub.clock().now());
        if (!given)
            co_return false;
    } else {
        const auto asked = to_request(parsed, peer);
        given = co_await answer_to(in, asked);
    }
    const bool keep_alive = !error && parsed.get().keep_alive() && !waiting.stopping;
    const bool refused = error.failed();
    const auto message = to_response(*given, parsed.get(), keep_alive);
    error = {};
    co_await beast::http::async_write(wire, message, into(error));
    if (refused && !error)
        co_await let_finish(wire);
    co_return !error && keep_alive;
}

} // namespace

asio::awaitable<void> serve_session(asio::ip::tcp::socket socket, asio::ssl::context& tls, context in, const limits& bounds,
                                    waiting_sessions& waiting) {
    boost::system::error_code error;
    const auto remote = socket.remote_endpoint(error);
    const auto peer = error ? std::string("unknown") : remote.address().to_string() + ':' + std::to_string(remote.port());
    error = {};
    stream wire(std::move(socket), tls);
    beast::get_lowest_layer(wire).expires_after(bounds.request_time);
    co_await wire.async_handshake(asio::ssl::stream_base::server, into(error));
    if (error)
        co_return;
    beast::flat_buffer buffer;
    while (!waiting.stopping && co_await serve_request(wire, buffer, in, bounds, peer, waiting)) {}
    beast::get_lowest_layer(wire).expires_after(std::chrono::seconds(2));
    co_await wire.async_shutdown(into(error));
}

} // namespace capstan::http
