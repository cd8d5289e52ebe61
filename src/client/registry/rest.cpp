#include "client/registry/rest.hpp"

#include <sstream>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

#include "client/backoff.hpp"
#include "client/classify.hpp"
#include "client/endpoints.hpp"

namespace capstan::client {
namespace {

namespace http = boost::beast::http;
namespace json = boost::json;
using clock = std::chrono::steady_clock;

constexpr std::uint64_t max_answer = 64 * 1024 * 1024; // a list of 1,000 devices has about 1 MB
constexpr std::string_view api_version = "2021-04-12"; // the one that today's service SDKs send

std::string to_text(const service_identity& who, const client_options& options, const rest_request& asked) {
    const auto host = without_port(who.host_name());
    http::request<http::string_body> made(asked.method, fmt::format("{}?api-version={}{}", asked.path, api_version, asked.query), 11);
    made.set(http::field::host, options.https_port() == 443 ? host : fmt::format("{}:{}", host, options.https_port()));
    made.set(http::field::user_agent, "capstan-client");
    made.set(http::field::authorization, who.tokens()(host, options.token_life()));
    made.set(http::field::accept, "application/json");
    made.set(http::field::connection, "close");
    if (!asked.if_match.empty())
        made.set(http::field::if_match, asked.if_match);
    for (const auto& [name, value] : asked.headers)
        made.set(name, value);
    if (!asked.body.is_null()) {
        made.set(http::field::content_type, "application/json; charset=utf-8");
        made.body() = json::serialize(asked.body);
    }
    made.prepare_payload();
    std::ostringstream text;
    text << made;
    return text.str();
}

endpoint rest_endpoint(const service_identity& who, const client_options& options) {
    endpoint to;
    to.host = without_port(who.host_name());
    to.port = options.https_port();
    return to;
}

using response_parser = http::response_parser<http::string_body>;

using moved = void(boost::system::error_code, std::size_t);

/// What a stream does as coroutines want it.
asio::awaitable<std::size_t> read_some(byte_stream& from, asio::mutable_buffer into, boost::system::error_code& error) {
    auto begin = [&](auto handler) { from.async_read_some(into, std::move(handler)); };
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_return co_await asio::async_initiate<decltype(token), moved>(begin, token);
}

asio::awaitable<void> write_all(byte_stream& to, const std::string& text) {
    auto begin = [&](auto handler) { to.async_write(asio::buffer(text), std::move(handler)); };
    auto token = asio::use_awaitable;
    co_await asio::async_initiate<asio::use_awaitable_t<>, moved>(begin, token);
}

/// What has come goes to the parser.
void parse(response_parser& parser, boost::beast::flat_buffer& buffer) {
    boost::system::error_code error;
    while (buffer.size() > 0 && !parser.is_done() && !error)
        buffer.consume(parser.put(buffer.data(), error));
    if (error && error != http::error::need_more)
        throw client_error(errc::connection_lost, error.message());
}

asio::awaitable<void> read_answer(byte_stream& stream, response_parser& parser) {
    parser.body_limit(max_answer);
    boost::beast::flat_buffer buffer;
    while (!parser.is_done()) {
        boost::system::error_code ended;
        buffer.commit(co_await read_some(stream, buffer.prepare(16 * 1024), ended));
        parse(parser, buffer);
        if (ended && !parser.is_done()) { // the end is the body's end, where no length was given
            boost::system::error_code too_soon;
            if (parser.got_some())
                parser.put_eof(too_soon);
            if (too_soon || !parser.is_done())
                throw client_error(errc::connection_lost, "the hub closed the connection before its answer was there");
        }
    }
}

asio::awaitable<void> exchange(byte_stream& stream, const std::string& text, response_parser& answer) {
    co_await write_all(stream, text);
    co_await read_answer(stream, answer);
}

json::value body_of(const rest_answer& answer) {
    if (answer.body().empty())
        return nullptr;
    boost::system::error_code not_json;
    auto body = json::parse(answer.body(), not_json);
    if (not_json)
        throw client_error(errc::invalid_argument, "what answers is not a hub: its answer is not JSON");
    return body;
}

/// Closes the stream at its time. The wait may outlive the request by a turn of the executor: it holds on to what it touches.
struct deadline {
    std::shared_ptr<byte_stream> stream;
    bool passed = false;
};

asio::awaitable<rest_answer> ask_once(const service_identity& who, client_options options, const rest_request& asked,
                                      clock::time_point until) {
    const auto text = to_text(who, options, asked);
    options.over(transport::amqp); // TLS, and bytes as they are
    const auto limit = std::make_shared<deadline>();
    limit->stream = co_await open_stream(rest_endpoint(who, options), options);
    asio::steady_timer timer(co_await asio::this_coro::executor, until);
    auto on_time = [limit](boost::system::error_code cancelled) {
        if (!cancelled)
            limit->passed = true, limit->stream->close();
    };
    timer.async_wait(on_time);
    response_parser parser;
    std::exception_ptr failed;
    try {
        co_await exchange(*limit->stream, text, parser);
    } catch (const std::exception&) {
        failed = std::current_exception();
    }
    timer.cancel();
    limit->stream->close();
    if (limit->passed)
        throw client_error(errc::timed_out, "no answer from the hub");
    if (failed)
        std::rethrow_exception(failed);
    auto answer = parser.release();
    if (http::to_status_class(answer.result()) != http::status_class::successful && answer.result_int() != asked.also_success)
        throw rest_failure(static_cast<int>(answer.result_int()), answer.body());
    co_return answer;
}

} // namespace

client_error rest_failure(int status, std::string_view body) {
    boost::system::error_code error;
    const auto parsed = json::parse(body, error);
    const auto* message = !error && parsed.is_object() ? parsed.as_object().if_contains("Message") : nullptr;
    std::string text = message && message->is_string() ? std::string(message->as_string()) : std::string();
    std::string condition = std::to_string(status);
    if (constexpr std::string_view prefix = "ErrorCode:"; text.starts_with(prefix)) {
        const auto semicolon = text.find(';');
        condition = text.substr(prefix.size(), semicolon == text.npos ? text.npos : semicolon - prefix.size());
        text = semicolon == text.npos ? std::string() : text.substr(semicolon + 1);
    }
    const bool used_up = condition.find("QuotaExceeded") != condition.npos || condition == "TooManyDevices";
    return client_error(used_up ? errc::quota_exceeded : classify_status(status, text).reason(), text, condition);
}

asio::awaitable<rest_answer> send_request(service_identity who, client_options options, rest_request asked) {
    const auto until = clock::now() + options.operation_time_out();
    backoff pauses(options.retry());
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const auto stopped = co_await asio::this_coro::cancellation_state;
    for (;;) {
        std::optional<client_error> failed;
        try {
            co_return co_await ask_once(who, options, asked, until);
        } catch (const client_error& why) {
            failed = why;
        } catch (const boost::system::system_error& why) { // of the stream
            failed.emplace(errc::connection_lost, why.code().message());
        }
        if (stopped.cancelled() != asio::cancellation_type::none) // whatever it looked like from inside
            throw client_error(errc::canceled);
        const bool passes = failed->kind() == failure_kind::transient || failed->reason() == errc::throttled;
        const auto pause = passes && (asked.method == http::verb::get || asked.only_reads) ? pauses.next() : std::nullopt;
        if (!pause || clock::now() + *pause >= until)
            throw client_error(*failed);
        timer.expires_after(*pause);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

asio::awaitable<json::value> ask_hub(service_identity who, client_options options, rest_request asked) {
    const auto answer = co_await send_request(std::move(who), std::move(options), std::move(asked));
    co_return body_of(answer);
}

} // namespace capstan::client
