// The driver from end to end: our own engine as a client, over TLS, against a listener with a hub behind it.
#include "server/listener.hpp"

#include <boost/asio/ssl.hpp>
#include <gmock/gmock.h>

#include "unit/server/hub_behind_listener.hpp"

namespace capstan::server {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;

class client final : public test::engine_client {
public:
    explicit client(std::uint16_t port) {
        socket_.next_layer().connect({asio::ip::address_v4::loopback(), port});
        test::limit_waiting(socket_.next_layer());
    }

    boost::system::error_code shake_hands() {
        boost::system::error_code error;
        socket_.handshake(asio::ssl::stream_base::client, error);
        return error;
    }

    void write(bytes_view what) override { asio::write(socket_, asio::buffer(what.data(), what.size())); }

    /// What is read until the end, and how it ended.
    std::pair<bytes, boost::system::error_code> read_to_end() {
        bytes all;
        boost::system::error_code end;
        asio::read(socket_, asio::dynamic_buffer(all), end);
        return {all, end};
    }

    /// Writes what the engine has left, and reads until the hub has closed.
    void finish() {
        write_output();
        EXPECT_EQ(read_to_end().second, asio::error::eof);
    }

    tcp::socket& socket() { return socket_.next_layer(); }

private:
    std::size_t read_some(asio::mutable_buffer into) override { return socket_.read_some(into); }

    asio::io_context context_;
    asio::ssl::context tls_{asio::ssl::context::tls_client};
    asio::ssl::stream<tcp::socket> socket_{context_, tls_};
};

class listener_test : public test::hub_behind_listener {
protected:
    listener_test() {
        port_ = listener_.open("127.0.0.1", 0).value();
        start();
    }

    std::uint16_t port_ = 0;
};

TEST_F(listener_test, a_client_opens_and_is_told_when_the_hub_stops) {
    client first(port_), second(port_); // of one thread each
    for (client* each : {&first, &second}) {
        ASSERT_FALSE(each->shake_hands());
        each->until<amqp::opened>();
    }
    listener_.stop_connections(io_thread::now() + 5s);
    for (client* each : {&first, &second}) {
        const auto closed = each->until<amqp::closed>();
        EXPECT_TRUE(closed.by_peer);
        EXPECT_EQ(closed.error.condition, amqp::condition::connection_forced);
        each->finish();
        boost::system::error_code ignored;
        each->socket().close(ignored);
    }
    EXPECT_TRUE(listener_.wait_until_gone(io_thread::now() + 10s));
}

TEST_F(listener_test, a_connection_that_is_not_read_from_for_a_while_goes_on_afterwards) {
    client one(port_);
    ASSERT_FALSE(one.shake_hands());
    one.until<amqp::opened>();
    hub_.bytes_in_flight() += hub::hub::in_flight_limit; // as if other connections had sent so much
    constexpr std::array<std::uint8_t, 8> heartbeat{0, 0, 0, 8, 2, 0, 0, 0};
    one.write(heartbeat);
    for (int round = 0; round < 3; ++round)
        wait_for_threads(); // the hub has been told that there is something to read
    EXPECT_EQ(listener_.connections(), 1u);
    hub_.bytes_in_flight() -= hub::hub::in_flight_limit;
    listener_.stop_connections(io_thread::now() + 5s);
    EXPECT_EQ(one.until<amqp::closed>().error.condition, amqp::condition::connection_forced);
    one.finish();
}

TEST_F(listener_test, connections_that_are_not_open_do_not_hold_up_the_stop) {
    client silent(port_), stranger(port_);
    ASSERT_FALSE(stranger.shake_hands());
    listener_.stop_accepting();
    listener_.stop_connections(io_thread::now() + 1h);
    EXPECT_TRUE(listener_.wait_until_gone(io_thread::now() + 10s));
}

TEST_F(listener_test, a_wrong_protocol_header_is_answered_before_the_end_whatever_follows_it) {
    client wrong(port_);
    ASSERT_FALSE(wrong.shake_hands());
    bytes nonsense(300'000, 'x'); // more than one turn reads: the rest must not reset the connection before the answer is read
    std::ranges::copy(std::string_view("HTTP/1.1"), nonsense.begin());
    wrong.write(nonsense);
    const auto [answer, end] = wrong.read_to_end();
    EXPECT_THAT(std::string(as_text(answer)), testing::StartsWith("AMQP"));
    EXPECT_EQ(answer.size(), 8u);
    EXPECT_EQ(end, asio::error::eof);
}

TEST_F(listener_test, those_beyond_the_limit_are_closed_and_room_is_made_by_those_who_leave) {
    std::vector<std::unique_ptr<client>> clients;
    for (std::size_t i = 0; i < limit; ++i) {
        clients.push_back(std::make_unique<client>(port_));
        ASSERT_FALSE(clients.back()->shake_hands());
    }
    EXPECT_TRUE(client(port_).shake_hands());
    EXPECT_EQ(listener_.connections(), limit);
    clients.clear(); // without a farewell
    ASSERT_TRUE(listener_.wait_until_gone(io_thread::now() + 10s));
    client again(port_);
    EXPECT_FALSE(again.shake_hands());
}

TEST_F(listener_test, what_is_not_tls_is_dropped) {
    client plain(port_);
    asio::write(plain.socket(), asio::buffer("AMQP\x00\x01\x00\x00", 8));
    bytes answer;
    boost::system::error_code end;
    asio::read(plain.socket(), asio::dynamic_buffer(answer), end);
    EXPECT_TRUE(end);
    EXPECT_TRUE(listener_.wait_until_gone(io_thread::now() + 10s));
}

/// The same over a socket as it is.
class plain_client final : public test::engine_client {
public:
    explicit plain_client(std::uint16_t port) {
        socket_.connect({asio::ip::address_v4::loopback(), port});
        test::limit_waiting(socket_);
    }
    void write(bytes_view what) override { asio::write(socket_, asio::buffer(what.data(), what.size())); }

private:
    std::size_t read_some(asio::mutable_buffer into) override { return socket_.read_some(into); }

    asio::io_context context_;
    tcp::socket socket_{context_};
};

class listener_without_tls : public test::hub_behind_listener {
protected:
    listener_without_tls() {
        port_ = listener_.open("127.0.0.1", 0).value();
        plain_port_ = listener_.open_plain("127.0.0.1", 0).value();
        start();
    }
    std::uint16_t port_ = 0, plain_port_ = 0;
};

TEST_F(listener_without_tls, has_a_port_of_its_own_and_the_same_hub_and_limit) {
    plain_client plain(plain_port_);
    plain.until<amqp::opened>();
    client safe(port_);
    ASSERT_FALSE(safe.shake_hands());
    safe.until<amqp::opened>();
    EXPECT_EQ(listener_.connections(), 2u);
    listener_.stop_connections(io_thread::now() + 5s);
    EXPECT_EQ(plain.until<amqp::closed>().error.condition, amqp::condition::connection_forced);
}

TEST_F(listener_test, says_why_it_cannot_listen) {
    io_threads threads(1);
    listener other(threads, hub_, engine_settings_, tls_, 1);
    EXPECT_EQ(other.open("127.0.0.1", port_).error(), "port " + std::to_string(port_) + " on 127.0.0.1 is in use");
    listener third(threads, hub_, engine_settings_, tls_, 1);
    EXPECT_THAT(third.open("nowhere", 1).error(), testing::HasSubstr("\"nowhere\""));
}

} // namespace
} // namespace capstan::server
