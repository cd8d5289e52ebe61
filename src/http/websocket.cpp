#include "http/websocket.hpp"

#include <algorithm>
#include <array>

#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <fmt/format.h>

#include "auth/ascii.hpp"
#include "auth/base64.hpp"
#include "http/status.hpp"
#include "net/websocket_stream.hpp"

namespace capstan::http {
namespace {

namespace beast = boost::beast;
using header = beast::http::request_header<>;
using beast::http::field;

/// In the order of preference: Azure's own, and the name that OASIS gave it later.
constexpr std::array<std::string_view, 2> sub_protocols = {"AMQPWSB10", "amqp"};

constexpr std::size_t key_bytes = 16; // RFC 6455, section 4.1

/// Empty when none of ours is offered. A client may spread what it offers over several fields.
std::string_view sub_protocol_for(const header& asked) {
    for (const auto known : sub_protocols) {
        const auto [first, last] = asked.equal_range(field::sec_websocket_protocol);
        const auto offers = [&](const auto& each) {
            const beast::http::token_list offered(each.value());
            return std::ranges::any_of(offered, [&](beast::string_view name) { return std::string_view(name) == known; });
        };
        if (std::any_of(first, last, offers))
            return known;
    }
    return {};
}

answer refusal(http::status code, std::string_view text, wall_time now) {
    auto refused = error_answer(errc::bad_request, text, now);
    refused.status = code;
    return refused;
}

/// RFC 6455, section 4.4; RFC 9110, section 15.5.22.
answer upgrade_required(std::string_view text, wall_time now) {
    auto refused = refusal(http::status::upgrade_required, text, now);
    refused.headers.insert(refused.headers.end(), {{"Connection", "Upgrade"}, {"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}});
    return refused;
}

} // namespace

bool is_websocket_path(const std::vector<std::string>& path) {
    using auth::equal_ignoring_case;
    return path.size() == 2 && (equal_ignoring_case(path[0], "$iothub") || equal_ignoring_case(path[0], "$servicebus")) &&
           equal_ignoring_case(path[1], "websocket");
}

std::expected<std::string, answer> agree_to_websocket(const header& asked, wall_time now) {
    if (!beast::websocket::is_upgrade(asked))
        return std::unexpected(upgrade_required("Here is AMQP over WebSockets: the request must upgrade to a WebSocket.", now));
    if (asked[field::sec_websocket_version] != "13")
        return std::unexpected(upgrade_required("The WebSocket's version must be 13.", now));
    const std::string key(asked[field::sec_websocket_key]);
    if (const auto raw = auth::from_base64(key); !raw || raw->size() != key_bytes)
        return std::unexpected(refusal(status::bad_request, "Sec-WebSocket-Key must be 16 bytes in base64.", now));
    const auto chosen = sub_protocol_for(asked);
    if (chosen.empty())
        return std::unexpected(
            refusal(status::bad_request, fmt::format("Sec-WebSocket-Protocol must offer {}.", fmt::join(sub_protocols, " or ")), now));
    return fmt::format("HTTP/1.1 101 Switching Protocols\r\n"
                       "Upgrade: websocket\r\n"
                       "Connection: Upgrade\r\n"
                       "Sec-WebSocket-Accept: {}\r\n"
                       "Sec-WebSocket-Protocol: {}\r\n\r\n",
                       net::websocket_accept(key), chosen);
}

} // namespace capstan::http
