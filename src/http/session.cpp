#include "http/session.hpp"

#include <array>
#include <optional>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <spdlog/spdlog.h>

#include "http/admission.hpp"
#include "http/router.hpp"
#include "http/status.hpp"
#include "http/websocket.hpp"
#include "net/tls_stream.hpp"
#include "net/websocket_stream.hpp"

namespace capstan::http {
namespace {

namespace beast = boost::beast;
using parser = beast::http::request_parser<beast::http::string_body>;
using response = beast::http::response<beast::http::string_body>;

/// Errors come back in `error`, not as exceptions.
auto into(boost::system::error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

/// What a message is made of, and how pages are asked for. The limit on the header bounds them.
std::vector<std::pair<std::string, std::string>> own_headers(const parser::value_type& message) {
    std::vector<std::pair<std::string, std::string>> found;
    for (const auto& each : message) {
        std::string name(each.name_string());
        std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        if (name.starts_with("iothub-") || name.starts_with("x-ms-") || name == "content-type" || name == "dt-subject")
            found.emplace_back(std::move(name), each.value());
    }
    return found;
}

request to_request(const parser& parsed, std::string peer, const net::stream& from) {
    const auto& message = parsed.get();
    request asked;
    asked.head = message.method() == verb::head;
    asked.method = asked.head ? verb::get : message.method();
    parse_target(std::string_view(message.target().data(), message.target().size()), asked);
    const auto text = [&](beast::http::field name) { return std::string(message[name]); };
    asked.authorization = text(beast::http::field::authorization);
    if (asked.authorization.empty())
        asked.certificate = from.peer_certificate();
    if (message.count(beast::http::field::if_match) > 0)
        asked.if_match = text(beast::http::field::if_match);
    asked.headers = own_headers(message);
    asked.peer = std::move(peer);
    return asked;
}

response to_response(const answer& given, const parser::value_type& asked, bool keep_alive) {
    response message(given.status, asked.version());
    for (const auto& [name, value] : given.headers)
        message.insert(name, value); // names may differ in case only
    message.keep_alive(keep_alive);
    if (given.body) {
        if (message.count(beast::http::field::content_type) == 0)
            message.set(beast::http::field::content_type, "application/json; charset=utf-8");
        message.body() = boost::json::serialize(*given.body);
    }
    if (given.octets) {
        if (message.count(beast::http::field::content_type) == 0)
            message.set(beast::http::field::content_type, "application/octet-stream");
        message.body() = *given.octets;
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
asio::awaitable<answer> answer_of(const resource& what, context& in, const request& asked) {
    try {
        co_return co_await what.serve(in, asked);
    } catch (const std::exception& fault) {
        spdlog::error("request failed peer={} fault=\"{}\"", asked.peer, fault.what());
    }
    co_return error_answer(errc::server_error, "InternalServerError", in.hub.clock().now());
}

/// Beyond a header, Beast reads up to so much at a time.
constexpr std::size_t read_ahead = 64 * 1024;

/// One connection, as its coroutines share it.
struct session {
    wire on;
    context& in;
    const limits& bounds;
    waiting_sessions& waiting;
    const websocket_host& websockets;
    std::string peer;
    beast::flat_buffer buffer{bounds.header + read_ahead}; ///< what cannot be parsed yet is not kept without end
    hub::peer_log log{in.hub.log_lines()};
};

/// As long as it lives, a server that stops does not wait for the session: it has nothing to finish.
class nothing_begun {
public:
    explicit nothing_begun(session& with) : with_(with) { with_.waiting.wires.insert(&with_.on); }
    ~nothing_begun() { with_.waiting.wires.erase(&with_.on); }
    nothing_begun(const nothing_begun&) = delete;
    nothing_begun& operator=(const nothing_begun&) = delete;

private:
    session& with_;
};

asio::awaitable<boost::system::error_code> read_header(session& with, parser& parsed) {
    const nothing_begun so_far(with);
    boost::system::error_code error;
    parsed.header_limit(static_cast<std::uint32_t>(with.bounds.header));
    parsed.body_limit(with.bounds.body);
    co_await beast::http::async_read_header(with.on, with.buffer, parsed, into(error));
    with.on.expires_after(with.bounds.request_time);
    co_return error;
}

asio::awaitable<boost::system::error_code> read_body(session& with, parser& parsed, std::size_t at_most) {
    const nothing_begun so_far(with);
    boost::system::error_code error;
    parsed.body_limit(at_most); // of one in chunks; that of one with a length was looked at with the header
    if (parsed.content_length().value_or(0) > at_most)
        co_return beast::http::make_error_code(beast::http::error::body_limit);
    if (beast::iequals(parsed.get()[beast::http::field::expect], "100-continue")) {
        response go_on(status::continue_, parsed.get().version());
        co_await beast::http::async_write(with.on, go_on, into(error));
    }
    if (!error)
        co_await beast::http::async_read(with.on, with.buffer, parsed, into(error));
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

/// Gives the connection to those who speak AMQP: the session is over then. Otherwise, the answer that says why not.
std::optional<answer> upgrade(session& with, const parser& parsed) {
    const auto now = with.in.hub.clock().now();
    const auto agreed = agree_to_websocket(parsed.get(), now);
    if (!agreed)
        return agreed.error();
    auto taker = with.websockets ? with.websockets() : nullptr;
    if (!taker)
        return error_answer(errc::service_unavailable, "The hub has as many connections as it may have, or is stopping.", now);
    const auto rest = with.buffer.cdata();
    const auto* const early = static_cast<const std::uint8_t*>(rest.data());
    taker(std::make_unique<net::websocket_stream>(with.on.release(), *agreed, bytes(early, early + rest.size())));
    return std::nullopt;
}

/// Reads on for a while what a client that was refused still sends: closed at once, the connection would be reset, and the client
/// would not see why.
asio::awaitable<void> let_finish(wire& on) {
    constexpr std::size_t enough = 8 << 20;
    on.expires_after(std::chrono::seconds(2));
    std::array<char, 4096> nothing;
    boost::system::error_code error;
    for (std::size_t count = 0; !error && count < enough;)
        count += co_await on.async_read_some(asio::buffer(nothing), into(error));
}

/// Of a request whose header has been read: its body is read only for who may ask this. None when there is nothing more to say:
/// nobody is left, or the connection is another's now.
asio::awaitable<std::optional<answer>> answer_to(session& with, parser& parsed) {
    auto asked = to_request(parsed, with.peer, with.on.stream());
    if (is_websocket_path(asked.path))
        co_return upgrade(with, parsed);
    const auto found = find_resource(with.in, asked);
    if (!found)
        co_return found.error();
    if (found->for_all && !parsed.is_done()) // of a stranger no body is read
        co_return co_await answer_of(*found, with.in, asked);
    const auto error =
        co_await read_body(with, parsed, found->takes_many ? with.bounds.body : std::min(with.bounds.body, with.bounds.small_body));
    if (error)
        co_return complaint(error, with.in.hub.clock().now());
    asked.body = std::move(parsed.get().body());
    with.on.expires_after(with.bounds.answer_time);
    if (found->metered)
        if (auto throttled = co_await admit(with.in, *found->metered))
            co_return throttled;
    co_return co_await answer_of(*found, with.in, asked);
}

/// With the id that the client was told, so that the two can be brought together.
void log_refusal(session& with, const parser& asked, const answer& given) {
    if (!given.refused || !with.log.may_write(with.in.hub.clock().now()))
        return;
    const auto& [code, id, reason] = *given.refused;
    const std::string_view target = asked.get().target();
    spdlog::info("request refused peer={} method={} path=\"{}\" status={} errorCode={} trackingId=\"{}\" reason=\"{}\"", with.peer,
                 hub::printable(asked.get().method_string()), hub::printable(target.substr(0, target.find('?'))),
                 static_cast<unsigned>(given.status), code, id, hub::printable(reason));
}

/// One request and its answer. False when the connection is over.
asio::awaitable<bool> serve_request(session& with) {
    parser parsed;
    const auto unread = co_await read_header(with, parsed);
    std::optional<answer> given;
    if (unread)
        given = complaint(unread, with.in.hub.clock().now());
    else
        given = co_await answer_to(with, parsed);
    if (!given)
        co_return false;
    log_refusal(with, parsed, *given);
    const bool whole = !unread && parsed.is_done(); // the next request begins where this one ends
    const bool keep_alive = whole && parsed.get().keep_alive() && !with.waiting.stopping;
    with.on.expires_after(with.bounds.request_time); // to write it
    const auto message = to_response(*given, parsed.get(), keep_alive);
    boost::system::error_code error;
    co_await beast::http::async_write(with.on, message, into(error));
    if (!whole && !error)
        co_await let_finish(with.on);
    with.on.expires_after(with.bounds.idle_time);
    co_return !error && keep_alive;
}

} // namespace

asio::awaitable<void> serve_session(net::tcp_socket socket, std::shared_ptr<const net::tls_context> tls, context in, const limits& bounds,
                                    waiting_sessions& waiting, const websocket_host& websockets) {
    boost::system::error_code error;
    const auto remote = socket.remote_endpoint(error);
    auto peer = error ? std::string("unknown") : remote.address().to_string() + ':' + std::to_string(remote.port());
    session with{wire(std::make_unique<net::tls_stream>(std::move(socket), *tls)), in, bounds, waiting, websockets, std::move(peer)};
    with.on.expires_after(bounds.request_time); // for the TLS handshake, which reading drives, and the first request
    while (!waiting.stopping && co_await serve_request(with)) {}
    if (const auto count = with.log.left_out())
        spdlog::info("{} more lines about peer={} were left out", count, with.peer);
    if (!with.on.is_open())
        co_return;
    const nothing_begun any_more(with);
    with.on.stream().finish();
    co_await let_finish(with.on);
}

} // namespace capstan::http
