#include "unit/client/transport/transport_fixture.hpp"

namespace capstan::client {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

class proxy_test : public test::client_transport {
protected:
    /// A proxy that notes the head of a request, answers with `answer`, and if that opens the tunnel leads to `hub`.
    std::uint16_t serve_proxy(std::string answer, std::uint16_t hub = 0) {
        return serve([this, answer, hub](test::tcp::socket wire) { return answer_and_relay(std::move(wire), answer, hub); });
    }
    client_options through(std::uint16_t port) const { return trusting().proxy(http_proxy("127.0.0.1", port)); }
    /// What is said of a proxy that answers so.
    std::string complaint(const std::string& answer) {
        const auto port = serve_proxy(answer);
        const auto error = failure(at(5671, "hub.local"), through(port));
        EXPECT_EQ(error.reason(), errc::connection_failed);
        const std::string start = "proxy 127.0.0.1:" + std::to_string(port) + ": ";
        EXPECT_THAT(error.description(), StartsWith(start));
        return error.description().substr(std::min(start.size(), error.description().size()));
    }
    std::uint16_t serve_hub() {
        return serve(over_tls(tls_of(ca.issue("hub", "DNS:hub.local")), [](test::tls_socket& wire) { return echo(wire); }));
    }

    std::string asked;

private:
    asio::awaitable<void> answer_and_relay(test::tcp::socket wire, std::string answer, std::uint16_t hub) {
        asked.clear();
        co_await asio::async_read_until(wire, asio::dynamic_buffer(asked), "\r\n\r\n", asio::use_awaitable);
        co_await asio::async_write(wire, asio::buffer(answer), asio::use_awaitable);
        if (hub == 0)
            co_return co_await silent(std::move(wire));
        test::tcp::socket onward(loop);
        const test::tcp::endpoint address(asio::ip::address_v4::loopback(), hub);
        co_await onward.async_connect(address, asio::use_awaitable);
        asio::co_spawn(loop, relay(onward, wire), [&](const std::exception_ptr&) { wire.close(); });
        try {
            co_await relay(wire, onward);
        } catch (const boost::system::system_error&) {}
        onward.close();
        co_await asio::post(loop, asio::use_awaitable); // the other direction ends first
        co_await asio::post(loop, asio::use_awaitable);
    }
    static asio::awaitable<void> relay(test::tcp::socket& from, test::tcp::socket& to) {
        std::array<char, 4096> buffer{};
        for (;;) {
            const auto count = co_await from.async_read_some(asio::buffer(buffer), asio::use_awaitable);
            co_await asio::async_write(to, asio::buffer(buffer, count), asio::use_awaitable);
        }
    }
};

TEST_F(proxy_test, it_is_asked_by_connect_and_resolves_the_name) {
    const auto stream = open(at(5671, "hub.local"), through(serve_proxy("HTTP/1.1 200 Connection established\r\n\r\n", serve_hub())));
    EXPECT_EQ(asked, "CONNECT hub.local:5671 HTTP/1.1\r\nHost: hub.local:5671\r\n\r\n");
    expect_echo(*stream);
}

TEST_F(proxy_test, credentials_are_given) {
    const auto port = serve_proxy("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", serve_hub());
    auto proxy = http_proxy("localhost", port).credentials("Aladdin", "open sesame");
    const auto stream = open(at(5671, "hub.local"), trusting().proxy(std::move(proxy)));
    EXPECT_THAT(asked, HasSubstr("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n")); // RFC 7617, section 2
    expect_echo(*stream);
}

TEST_F(proxy_test, an_address_is_asked_for_in_brackets) {
    failure(at(5671, "::1"), through(serve_proxy("HTTP/1.1 502 Bad Gateway\r\n\r\n")));
    EXPECT_THAT(asked, StartsWith("CONNECT [::1]:5671 HTTP/1.1\r\n"));
}

TEST_F(proxy_test, plain_amqp_goes_through_too) {
    const auto port = serve_proxy("HTTP/1.1 200 OK\r\n\r\n", serve(echoing));
    const auto stream = open(at(5672, "hub.local"), plain().proxy(http_proxy("127.0.0.1", port)));
    expect_echo(*stream);
}

TEST_F(proxy_test, refusals_are_passed_on) {
    EXPECT_EQ(complaint("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nno!"), "502 Bad Gateway");
    EXPECT_EQ(complaint("HTTP/1.1 403 \r\n\r\n"), "403 Forbidden");
    EXPECT_EQ(complaint("HTTP/1.1 302 " + std::string(500, 'x') + "\r\n\r\n"), "302 " + std::string(100, 'x'));
    EXPECT_THAT(complaint("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n"),
                StartsWith("407: it asks for a user and a password"));
}

TEST_F(proxy_test, credentials_that_are_refused) {
    for (const std::string status : {"407 Proxy Authentication Required", "401 Unauthorized"}) { // the latter is tinyproxy's word
        auto proxy = http_proxy("127.0.0.1", serve_proxy("HTTP/1.1 " + status + "\r\n\r\n")).credentials("a", "b");
        EXPECT_THAT(failure(at(5671), trusting().proxy(std::move(proxy))).description(),
                    HasSubstr(": " + status.substr(0, 3) + ": it refuses the user or the password"));
    }
}

TEST_F(proxy_test, what_is_no_answer) {
    EXPECT_EQ(complaint("AMQP\x03\x01\x0a\x0b\r\n\r\n"), "bad version");
    EXPECT_EQ(complaint("HTTP/1.1 200 OK\r\n\r\nAMQP"), "it sent more than its answer");
    EXPECT_EQ(complaint("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n"), "header limit exceeded");
}

TEST_F(proxy_test, one_that_closes) {
    const auto error = failure(at(5671, "hub.local"), through(serve(closing)));
    EXPECT_EQ(error.reason(), errc::connection_failed);
    EXPECT_THAT(error.description(), StartsWith("proxy 127.0.0.1:"));
}

TEST_F(proxy_test, one_that_says_nothing) {
    const auto error = failure(at(5671, "hub.local"), through(serve(silent)).connect_time_out(20ms));
    EXPECT_EQ(error.reason(), errc::timed_out);
    EXPECT_THAT(error.description(), StartsWith("proxy 127.0.0.1:"));
}

TEST_F(proxy_test, one_that_is_not_there) {
    const auto error = failure(at(5671, "hub.local"), through(refused_port()));
    EXPECT_EQ(error.reason(), errc::connection_failed);
    EXPECT_THAT(error.description(), StartsWith("connect to proxy 127.0.0.1:"));
}

} // namespace
} // namespace capstan::client
