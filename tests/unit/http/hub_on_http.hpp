#pragma once
// A hub on a memory store behind an HTTPS server on this machine, with a thread of its own, and clients for it.

#include <csignal>
#include <optional>
#include <thread>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/sas_token.hpp"
#include "http/server.hpp"
#include "hub/hub.hpp"
#include "support/manual_clock.hpp"
#include "unit/net/loopback.hpp"

namespace capstan::test {

namespace beast = boost::beast;
using beast::http::field;
using beast::http::verb;
using http_request = beast::http::request<beast::http::string_body>;
using http_response = beast::http::response<beast::http::string_body>;

/// Behind every path.
inline const std::string version = "?api-version=2021-04-12";

/// The run queue of a thread that runs a loop.
class loop_queue final : public run_queue {
public:
    explicit loop_queue(asio::io_context& loop) : loop_(loop) {}
    void post(task work) override {
        asio::post(loop_, [work = std::make_shared<task>(std::move(work))] { (*work)(); });
    }

private:
    asio::io_context& loop_;
};

/// One connection, kept alive. Blocks; what goes wrong is thrown.
class https_client {
public:
    https_client(std::uint16_t port, asio::ssl::context& tls) : wire(loop_, tls) {
        wire.lowest_layer().connect({asio::ip::address_v4::loopback(), port});
        wire.handshake(asio::ssl::stream_base::client);
    }

    http_response ask(const http_request& request) {
        beast::http::write(wire, request);
        return answer(request.method() == verb::head);
    }
    http_response answer(bool to_head = false) {
        beast::http::response_parser<beast::http::string_body> parser;
        parser.skip(to_head);
        beast::http::read(wire, buffer_, parser);
        return parser.release();
    }
    /// Whether the server ends the connection, as it should here, without another byte.
    bool ended() {
        char byte = 0;
        boost::system::error_code error;
        return wire.read_some(asio::buffer(&byte, 1), error) == 0 && error;
    }

private:
    asio::io_context loop_;
    beast::flat_buffer buffer_;

public:
    asio::ssl::stream<asio::ip::tcp::socket> wire;
};

class hub_on_http : public testing::Test {
protected:
    explicit hub_on_http(http::limits bounds = {}, http::websocket_host websockets = {}, hub::settings rules = {})
        : settings(std::move(rules)) {
        std::signal(SIGPIPE, SIG_IGN);
        settings.host_names = {"hub.local"};
        settings.name = settings.event_hub = "hub";
        instance.emplace(settings, policies, *store, clock, std::vector<run_queue*>{&queue});
        server.emplace(std::vector<http::server::thread>{{loop, queue, std::move(websockets)}}, *instance, tls, bounds);
        port = server->open("127.0.0.1", 0).value();
        client_tls.set_verify_mode(asio::ssl::verify_peer);
        client_tls.load_verify_file(files.file);
        thread = std::thread([this] { loop.run(); });
    }
    ~hub_on_http() override {
        client.reset();
        server->stop();
        work.reset();
        thread.join();
        store->close();
        loop.restart();
        loop.poll();
        server.reset();
        instance.reset();
    }

    std::string token(const std::string& policy, const std::string& host = "hub.local") {
        return auth::make_sas_token(host, policies.find(policy)->primary_key, policy, clock.now() + std::chrono::hours(1));
    }

    /// As the owner, unless `authorization` says otherwise.
    http_request request(verb method, const std::string& target, std::string body = {}, std::optional<std::string> if_match = {},
                         std::optional<std::string> authorization = {}) {
        http_request made(method, target, 11);
        made.set(field::host, "hub.local");
        made.set(field::authorization, authorization.value_or(token("iothubowner")));
        if (if_match)
            made.set(field::if_match, *if_match);
        made.body() = std::move(body);
        made.prepare_payload();
        return made;
    }
    /// On the test's own connection.
    http_response ask(const http_request& asked) {
        if (!client)
            client.emplace(port, client_tls);
        auto answer = client->ask(asked);
        if (!answer.keep_alive())
            client.reset();
        return answer;
    }
    http_response ask(verb method, const std::string& target, std::string body = {}, std::optional<std::string> if_match = {}) {
        return ask(request(method, target, std::move(body), std::move(if_match)));
    }
    static boost::json::value json_of(const http_response& answer) {
        EXPECT_EQ(answer[field::content_type], "application/json; charset=utf-8");
        return boost::json::parse(answer.body());
    }
    /// Status and error code: "404 DeviceNotFound". Errors have the shape that clients read (contract/rest.md, section 2).
    static std::string verdict(const http_response& answer) {
        const std::string code(answer["iothub-errorcode"]);
        if (answer.result_int() < 400)
            return std::to_string(answer.result_int());
        const auto body = json_of(answer).as_object();
        if (const auto* message = body.if_contains("Message")) {
            EXPECT_THAT(std::string(message->as_string()), testing::MatchesRegex("ErrorCode:" + code + ";.+"));
            EXPECT_THAT(std::string(body.at("ExceptionMessage").as_string()), testing::StartsWith("Tracking ID:"));
        }
        return std::to_string(answer.result_int()) + ' ' + code;
    }

    certificate files;
    net::current_tls tls{net::tls_context::for_server({files.file, files.key_file}).value()};
    manual_clock clock;
    asio::io_context loop{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{loop.get_executor()};
    loop_queue queue{loop};
    hub::settings settings;
    auth::policy_set policies = auth::policy_set::built_in();
    std::unique_ptr<store::store> store = store::open_memory_store(clock, 1);
    std::optional<hub::hub> instance;
    std::optional<http::server> server;
    std::uint16_t port = 0;
    asio::ssl::context client_tls{asio::ssl::context::tls_client};
    std::optional<https_client> client;
    std::thread thread;
};

} // namespace capstan::test
