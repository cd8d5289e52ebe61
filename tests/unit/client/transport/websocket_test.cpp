#include "unit/client/transport/transport_fixture.hpp"

namespace capstan::client {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

class websocket_test : public test::client_transport {
protected:
    client_options over_websocket_options() const { return trusting().over(transport::amqp_over_websockets); }
    test::stream_ptr open_to(std::function<asio::awaitable<void>(websocket&)> does) {
        return open(at(serve(over_websocket(tls_of(ca.issue("hub", "IP:127.0.0.1")), std::move(does)))), over_websocket_options());
    }
    /// What is said of a server that answers the upgrade so; the key is the one that it was asked with.
    std::string complaint(const std::string& head) {
        const auto port = serve(over_tls(tls_of(ca.issue("hub", "IP:127.0.0.1")), [this, head](test::tls_socket& wire) {
            return answer(wire, head); // head outlives it: it is the server's
        }));
        const auto error = failure(at(port), over_websocket_options());
        EXPECT_EQ(error.reason(), errc::connection_failed);
        const std::string start = "WebSocket wss://127.0.0.1:" + std::to_string(port) + "/$iothub/websocket: ";
        EXPECT_THAT(error.description(), StartsWith(start));
        return error.description().substr(std::min(start.size(), error.description().size()));
    }

    std::string asked;

private:
    asio::awaitable<void> answer(test::tls_socket& wire, const std::string& head) {
        asked.clear();
        co_await asio::async_read_until(wire, asio::dynamic_buffer(asked), "\r\n\r\n", asio::use_awaitable);
        co_await asio::async_write(wire, asio::buffer(head), asio::use_awaitable);
        co_await stay_silent(wire);
    }
};

TEST_F(websocket_test, each_write_is_one_binary_message) {
    std::string seen;
    const auto stream = open_to([&](websocket& wire) -> asio::awaitable<void> {
        auto& below = wire.next_layer();
        std::array<char, 4096> buffer{};
        for (;;)
            seen.append(buffer.data(), co_await below.async_read_some(asio::buffer(buffer), asio::use_awaitable));
    });
    const std::string large(70'000, 'x');
    write(*stream, "AMQP");
    write(*stream, large);
    const std::size_t first = 2 + 4 + 4, second = 2 + 8 + 4 + large.size();
    run_until([&] { return seen.size() >= first + second; });
    ASSERT_EQ(seen.size(), first + second);
    EXPECT_EQ(seen.substr(0, 2), "\x82\x84"); // RFC 6455, section 5.2: FIN and binary; masked, 4 bytes
    for (std::size_t i = 0; i < 4; ++i)
        EXPECT_EQ(seen[6 + i] ^ seen[2 + i], "AMQP"[i]);
    EXPECT_EQ(seen.substr(first, 10), std::string("\x82\xff\0\0\0\0\0\x01\x11\x70", 10));
}

TEST_F(websocket_test, messages_are_read_as_a_stream_of_bytes) {
    const auto stream = open_to([](websocket& wire) -> asio::awaitable<void> {
        for (const std::string text : {"AM", "", "", "QP", "0123456789"})
            co_await wire.async_write(asio::buffer(text), asio::use_awaitable);
        wire.auto_fragment(true);
        wire.write_buffer_bytes(16);
        const std::string large(100, 'x');
        co_await wire.async_ping("are you there?", asio::use_awaitable);
        co_await wire.async_write(asio::buffer(large), asio::use_awaitable);
        co_await stay_silent(wire);
    });
    EXPECT_EQ(read(*stream, 7), "AMQP012");
    EXPECT_EQ(read(*stream, 107), "3456789" + std::string(100, 'x'));
}

TEST_F(websocket_test, pings_are_answered_while_it_is_read) {
    bool answered = false;
    const auto stream = open_to([&](websocket& wire) -> asio::awaitable<void> {
        wire.control_callback([&](boost::beast::websocket::frame_type kind, std::string_view) {
            answered = answered || kind == boost::beast::websocket::frame_type::pong;
        });
        co_await wire.async_ping("x", asio::use_awaitable);
        co_await stay_silent(wire);
    });
    char byte = 0;
    stream->async_read_some(asio::buffer(&byte, 1), [](auto...) {});
    run_until([&] { return answered; });
}

TEST_F(websocket_test, a_close_ends_reading) {
    const auto stream = open_to([](websocket& wire) -> asio::awaitable<void> {
        co_await wire.async_close(boost::beast::websocket::close_code::going_away, asio::use_awaitable);
    });
    EXPECT_EQ(read(*stream, 1), "");
}

TEST_F(websocket_test, the_upgrade_is_asked_for_as_azures_sdks_do) {
    complaint("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    EXPECT_THAT(asked, StartsWith("GET /$iothub/websocket HTTP/1.1\r\nHost: 127.0.0.1:"));
    EXPECT_THAT(asked, HasSubstr("\r\nUpgrade: websocket\r\n"));
    EXPECT_THAT(asked, HasSubstr("\r\nSec-WebSocket-Version: 13\r\n"));
    EXPECT_THAT(asked, HasSubstr("\r\nSec-WebSocket-Protocol: AMQPWSB10\r\n"));
}

TEST_F(websocket_test, refusals_are_passed_on) {
    EXPECT_EQ(complaint("HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!"), "404 Not Found");
    EXPECT_EQ(complaint("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"), "401 Unauthorized");
    EXPECT_EQ(complaint("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "200 OK");
}

TEST_F(websocket_test, what_is_no_answer) { EXPECT_EQ(complaint("AMQP\x03\x01\x0a\x0b\r\n\r\n"), "bad version"); }

TEST_F(websocket_test, another_sub_protocol_is_not_taken) {
    for (const std::string given : {"", "mqtt"}) {
        auto& tls = tls_of(ca.issue("hub", "IP:127.0.0.1"));
        const auto port = serve(over_tls(tls, [given](test::tls_socket& wire) -> asio::awaitable<void> {
            websocket socket(wire);
            socket.set_option(boost::beast::websocket::stream_base::decorator([&](boost::beast::websocket::response_type& answer) {
                if (!given.empty())
                    answer.set(boost::beast::http::field::sec_websocket_protocol, given);
            }));
            co_await socket.async_accept(asio::use_awaitable);
            co_await stay_silent(socket);
        }));
        const auto error = failure(at(port), over_websocket_options());
        EXPECT_EQ(error.reason(), errc::connection_failed);
        EXPECT_THAT(error.description(), HasSubstr("the sub-protocol AMQPWSB10 was not accepted"));
    }
}

TEST_F(websocket_test, a_server_that_does_not_answer_the_upgrade) {
    const auto port = serve(over_tls(tls_of(ca.issue("hub", "IP:127.0.0.1")), [](test::tls_socket& wire) { return stay_silent(wire); }));
    const auto error = failure(at(port), over_websocket_options().connect_time_out(200ms));
    EXPECT_EQ(error.reason(), errc::timed_out);
    EXPECT_THAT(error.description(), StartsWith("WebSocket wss://127.0.0.1:"));
}

} // namespace
} // namespace capstan::client
