#include "client/transport/proxy.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

#include "auth/base64.hpp"
#include "client/transport/connect.hpp"
#include "client/transport/status_words.hpp"

namespace capstan::client {
namespace {

namespace http = boost::beast::http;

http::request<http::empty_body> request_of(const http_proxy& proxy, const endpoint& to) {
    const std::string target = host_and_port(to.host, to.port);
    http::request<http::empty_body> made(http::verb::connect, target, 11);
    made.set(http::field::host, target);
    if (!proxy.user().empty()) {
        const std::string credentials = proxy.user() + ':' + proxy.password();
        const bytes_view raw(reinterpret_cast<const std::uint8_t*>(credentials.data()), credentials.size());
        made.set(http::field::proxy_authorization, "Basic " + auth::to_base64(raw));
    }
    return made;
}

/// Whether the answer opens the tunnel, and nothing but it came: the hub does not speak first.
void check(const step& now, const http::response<http::empty_body>& answer, const http_proxy& proxy, std::size_t rest) {
    // RFC 9110 has 407 for both; tinyproxy says 401 to a wrong password.
    if (answer.result() == http::status::proxy_authentication_required || answer.result() == http::status::unauthorized)
        now.fail(fmt::format("{}: it {}", answer.result_int(),
                             proxy.user().empty() ? "asks for a user and a password" : "refuses the user or the password"));
    if (http::to_status_class(answer.result()) != http::status_class::successful)
        now.fail(status_words(answer.result_int(), answer.reason()));
    if (rest > 0)
        now.fail("it sent more than its answer");
}

} // namespace

asio::awaitable<void> tunnel(progress& whole, asio::ip::tcp::socket& socket, const http_proxy& proxy, const endpoint& to) {
    const step now(whole, "proxy " + host_and_port(proxy.host(), proxy.port()), [&socket] {
        boost::system::error_code ignored;
        socket.close(ignored);
    });
    boost::system::error_code error;
    const auto request = request_of(proxy, to);
    co_await http::async_write(socket, request, into(error));
    now.require(error);
    boost::beast::flat_buffer buffer;
    http::response_parser<http::empty_body> parser; // its limit for a head is 8 KB
    parser.skip(true);
    co_await http::async_read_header(socket, buffer, parser, into(error));
    now.require(error);
    check(now, parser.get(), proxy, buffer.size());
}

} // namespace capstan::client
