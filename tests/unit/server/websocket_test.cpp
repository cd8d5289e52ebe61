// AMQP over WebSockets from end to end: the HTTPS port and the listener as `serve` puts them together.
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <gmock/gmock.h>

#include "http/server.hpp"
#include "unit/server/hub_behind_listener.hpp"

namespace capstan::server {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;

class websocket_client final : public test::engine_client {
public:
    explicit websocket_client(std::uint16_t port) {
        auto& tls = socket.next_layer();
        tls.next_layer().connect({asio::ip::address_v4::loopback(), port});
        test::limit_waiting(tls.next_layer());
        tls.handshake(asio::ssl::stream_base::client);
        socket.set_option(websocket::stream_base::decorator(
            [](websocket::request_type& asked) { asked.set(beast::http::field::sec_websocket_protocol, "AMQPWSB10"); }));
        socket.binary(true);
    }

    /// The status of the answer: 101 when it is a WebSocket from now on.
    int upgrade() {
        websocket::response_type answer;
        boost::system::error_code error;
        socket.handshake(answer, "localhost", "/$iothub/websocket", error);
        return answer.result_int();
    }

    void write(bytes_view what) override { socket.write(asio::buffer(what.data(), what.size())); }

    /// Writes what the engine has left, and reads until the hub has closed. The code of the close.
    int finish() {
        write_output();
        return read_to_close();
    }
    int read_to_close() {
        boost::system::error_code end;
        for (beast::flat_buffer dropped; !end; dropped.clear())
            socket.read(dropped, end);
        EXPECT_EQ(end, websocket::error::closed);
        return socket.reason().code;
    }

private:
    std::size_t read_some(asio::mutable_buffer into) override { return socket.read_some(into); }

    asio::io_context context_;
    asio::ssl::context tls_{asio::ssl::context::tls_client};

public:
    websocket::stream<asio::ssl::stream<tcp::socket>> socket{context_, tls_};
};

class websocket_test : public test::hub_behind_listener {
protected:
    websocket_test() {
        port_ = https_.open("127.0.0.1", 0).value();
        start();
    }
    void TearDown() override {
        https_.stop();
        hub_behind_listener::TearDown();
    }

    http::server::thread thread(std::size_t index) {
        return {threads_[index].context(), threads_[index], [this, index] { return listener_.websocket_place(index); }};
    }

    http::server https_{{thread(0), thread(1)}, hub_, tls_};
    std::uint16_t port_ = 0;
};

TEST_F(websocket_test, a_client_opens_and_is_told_when_the_hub_stops) {
    websocket_client first(port_), second(port_); // of one thread each
    for (websocket_client* each : {&first, &second}) {
        ASSERT_EQ(each->upgrade(), 101);
        each->until<amqp::opened>();
    }
    EXPECT_EQ(listener_.connections(), 2u);
    listener_.stop_connections(soon());
    for (websocket_client* each : {&first, &second}) {
        const auto closed = each->until<amqp::closed>();
        EXPECT_TRUE(closed.by_peer);
        EXPECT_EQ(closed.error.condition, amqp::condition::connection_forced);
        EXPECT_EQ(each->finish(), websocket::close_code::normal);
    }
    EXPECT_TRUE(listener_.wait_until_gone(soon()));
}

TEST_F(websocket_test, a_hub_that_stops_takes_no_more) {
    websocket_client late(port_), later(port_);
    listener_.stop_connections(soon());
    wait_for_threads();
    EXPECT_EQ(late.upgrade(), 503);
    EXPECT_EQ(later.upgrade(), 503);
}

TEST_F(websocket_test, websockets_count_like_other_connections) {
    std::vector<std::unique_ptr<websocket_client>> clients;
    for (std::size_t i = 0; i < limit; ++i) {
        clients.push_back(std::make_unique<websocket_client>(port_));
        ASSERT_EQ(clients.back()->upgrade(), 101);
    }
    EXPECT_EQ(websocket_client(port_).upgrade(), 503);
    clients.clear(); // without a farewell
    ASSERT_TRUE(listener_.wait_until_gone(soon()));
    EXPECT_EQ(websocket_client(port_).upgrade(), 101);
}

TEST_F(websocket_test, who_sends_text_is_told_that_it_is_not_supported) {
    websocket_client wrong(port_);
    ASSERT_EQ(wrong.upgrade(), 101);
    wrong.until<amqp::opened>();
    wrong.socket.text(true);
    wrong.socket.write(asio::buffer("text"sv));
    EXPECT_EQ(wrong.read_to_close(), websocket::close_code::unknown_data); // 1003
    EXPECT_TRUE(listener_.wait_until_gone(soon()));
}

TEST_F(websocket_test, a_close_of_the_websocket_is_the_end) {
    websocket_client leaving(port_);
    ASSERT_EQ(leaving.upgrade(), 101);
    leaving.until<amqp::opened>();
    boost::system::error_code error;
    leaving.socket.close(websocket::close_code::going_away, error);
    EXPECT_EQ(leaving.socket.reason().code, websocket::close_code::going_away);
    EXPECT_TRUE(listener_.wait_until_gone(soon()));
}

TEST_F(websocket_test, a_wrong_protocol_header_is_answered_before_the_end) {
    websocket_client wrong(port_);
    ASSERT_EQ(wrong.upgrade(), 101);
    wrong.write(as_bytes("HTTP/1.1"));
    beast::flat_buffer answer;
    wrong.socket.read(answer);
    EXPECT_EQ(beast::buffers_to_string(answer.data()), "AMQP\0\x01\0\0"sv);
    EXPECT_EQ(wrong.read_to_close(), websocket::close_code::normal);
    EXPECT_TRUE(listener_.wait_until_gone(soon()));
}

} // namespace
} // namespace capstan::server
