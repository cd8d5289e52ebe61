#include "cli/hub_client.hpp"

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <fmt/format.h>

#include "auth/percent.hpp"
#include "auth/sas_token.hpp"
#include "cli/failed.hpp"
#include "cli/version.hpp"
#include "server/host_name.hpp"

namespace capstan::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
using asio::ip::tcp;
using namespace std::chrono_literals;

constexpr auto time_limit = 30s;                           // for the whole exchange
constexpr std::uint64_t max_answer = 64 * 1024 * 1024;     // a list of 1000 devices has about 1 MB
constexpr std::string_view api_version = "2021-04-12";     // the one that today's service SDKs send

using tls_stream = beast::ssl_stream<beast::tcp_stream>;
using http_request = http::request<http::string_body>;
using http_response = http::response<http::string_body>;

std::string url_of(const hub_location& hub) { return fmt::format("{}:{}", server::host_in_url(hub.host), hub.https_port); }

http_request to_http(const hub_location& hub, const hub_request& request, wall_time now) {
    http_request made(request.method, fmt::format("{}?api-version={}{}", request.path, api_version, request.query), 11);
    made.set(http::field::host, url_of(hub));
    made.set(http::field::user_agent, fmt::format("capstan/{}", version));
    made.set(http::field::authorization, auth::make_sas_token(hub.host, hub.key, hub.policy, now + 1h));
    made.set(http::field::accept, "application/json");
    made.set(http::field::connection, "close");
    if (!request.if_match.empty())
        made.set(http::field::if_match, request.if_match);
    if (request.body) {
        made.set(http::field::content_type, "application/json; charset=utf-8");
        made.body() = json::serialize(*request.body);
    }
    made.prepare_payload();
    return made;
}

asio::ssl::context tls_context(const hub_location& hub) {
    asio::ssl::context tls(asio::ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
    boost::system::error_code error;
    if (hub.ca)
        tls.load_verify_file(hub.ca->string(), error);
    else
        tls.set_default_verify_paths(error);
    if (error)
        throw failed(exit_usage,
                     fmt::format("cannot use the CA {}: {}", hub.ca ? hub.ca->string() : "store of the system", error.message()));
    tls.set_verify_mode(asio::ssl::verify_peer);
    return tls;
}

/// All addresses of all names to dial; a name that does not resolve is passed over as long as another does.
asio::awaitable<std::vector<tcp::endpoint>> resolve(const hub_location& hub) {
    tcp::resolver resolver(co_await asio::this_coro::executor);
    const std::string port = std::to_string(hub.https_port);
    std::vector<tcp::endpoint> found;
    boost::system::error_code error;
    for (const std::string& name : hub.dial) {
        const auto results = co_await resolver.async_resolve(name, port, asio::redirect_error(asio::use_awaitable, error));
        for (const auto& result : results)
            found.push_back(result.endpoint());
    }
    if (found.empty())
        throw boost::system::system_error(error);
    co_return found;
}

/// The arguments outlive the coroutine: fetch() waits for its end.
asio::awaitable<http_response> exchange(const hub_location& hub, asio::ssl::context& tls, const http_request& request) {
    tls_stream stream(co_await asio::this_coro::executor, tls);
    beast::get_lowest_layer(stream).expires_after(time_limit);
    const std::vector<tcp::endpoint> addresses = co_await resolve(hub);
    co_await beast::get_lowest_layer(stream).async_connect(addresses, asio::use_awaitable);

    stream.set_verify_callback(asio::ssl::host_name_verification(hub.host));
    if (!server::is_ip_literal(hub.host))
        SSL_set_tlsext_host_name(stream.native_handle(), hub.host.c_str());
    co_await stream.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);

    co_await http::async_write(stream, request, asio::use_awaitable);
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(max_answer);
    co_await http::async_read(stream, buffer, parser, asio::use_awaitable);
    co_return parser.release();
}

http_response fetch(const hub_location& hub, const http_request& request) {
    asio::ssl::context tls = tls_context(hub);
    asio::io_context loop;
    auto answer = asio::co_spawn(loop, exchange(hub, tls, request), asio::use_future);
    loop.run();
    try {
        return answer.get();
    } catch (const boost::system::system_error& error) {
        const bool distrust = error.code().category() == asio::error::get_ssl_category();
        const std::string hint = distrust && !hub.ca ? " (give the hub's CA with --ca FILE)" : "";
        throw failed(exit_unreachable, fmt::format("cannot reach the hub at {}: {}{}", url_of(hub), error.code().message(), hint));
    }
}

/// Refusals look like {"Message":"ErrorCode:DeviceNotFound;dev1","ExceptionMessage":".."} (contract/rest.md, section 2).
std::string refusal_text(const http_response& answer) {
    boost::system::error_code not_json;
    const json::value body = json::parse(answer.body(), not_json);
    const json::value* message = !not_json && body.is_object() ? body.as_object().if_contains("Message") : nullptr;
    std::string text = message != nullptr && message->is_string() ? std::string(message->as_string()) : answer.body();
    constexpr std::string_view prefix = "ErrorCode:";
    if (text.starts_with(prefix))
        text.erase(0, prefix.size());
    if (const std::size_t semicolon = text.find(';'); semicolon != std::string::npos)
        text.replace(semicolon, 1, ": ");
    return fmt::format("the hub refuses: {} {}", answer.result_int(), text.empty() ? std::string(answer.reason()) : text);
}

} // namespace

json::value ask_hub(const hub_location& hub, const hub_request& request, wall_time now) {
    const http_request sent = to_http(hub, request, now);
    const http_response answer = fetch(hub, sent);
    if (http::to_status_class(answer.result()) != http::status_class::successful)
        throw failed(exit_refused, refusal_text(answer));
    if (answer.body().empty())
        return nullptr;
    boost::system::error_code not_json;
    json::value body = json::parse(answer.body(), not_json);
    if (not_json)
        throw failed(exit_unreachable, fmt::format("what answers at {} is not a hub: its answer is not JSON", url_of(hub)));
    return body;
}

std::string device_path(std::string_view id) { return "/devices/" + auth::percent_encode(id); }

} // namespace capstan::cli
