#pragma once
// A client's transport and the servers that it is to reach, as coroutines of one loop on the test's own thread.

#include <deque>
#include <functional>
#include <optional>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <capstan/error.hpp>

#include "client/transport/byte_stream.hpp"
#include "unit/authority.hpp"

namespace capstan::test {

namespace asio = boost::asio;
using asio::ip::tcp;
using stream_ptr = std::unique_ptr<client::byte_stream>;
using tls_socket = asio::ssl::stream<tcp::socket>;

/// Takes connections, but not from their queue, which is full: who connects now waits.
class silent_address {
public:
    explicit silent_address(asio::io_context& loop) : acceptor_(loop, tcp::v4()), filler_(loop) {
        acceptor_.bind({asio::ip::address_v4::loopback(), 0});
        acceptor_.listen(0);
        filler_.connect(acceptor_.local_endpoint());
    }
    tcp::endpoint address() const { return acceptor_.local_endpoint(); }

private:
    tcp::acceptor acceptor_;
    tcp::socket filler_;
};

class client_transport : public testing::Test {
protected:
    using server = std::function<asio::awaitable<void>(tcp::socket)>;

    /// When all that the test has opened is closed, nothing may be left for the loop to wait for.
    void TearDown() override {
        acceptors_.clear();
        test_ends_.cancel();
        loop.restart();
        loop.run_for(std::chrono::seconds(30));
        EXPECT_TRUE(loop.stopped()) << "something has been left running";
    }

    /// Runs `with` for each connection, and gives the port. What it throws ends that connection.
    std::uint16_t serve(server with) {
        auto& acceptor = acceptors_.emplace_back(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
        asio::co_spawn(loop, accept(acceptor, servers_.emplace_back(std::move(with))), [](const std::exception_ptr&) {});
        return acceptor.local_endpoint().port();
    }
    /// A port on which nobody listens.
    std::uint16_t refused_port() {
        tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), 0});
        return acceptor.local_endpoint().port();
    }

    static client::endpoint at(std::uint16_t port, const std::string& host = "127.0.0.1") {
        client::endpoint to;
        to.host = host;
        to.port = port;
        to.websocket_path = "/$iothub/websocket";
        return to;
    }
    static client_options plain() { return client_options().over(transport::plain_amqp); }
    client_options trusting() const { return client_options().ca_file(ca.file()); }

    struct result {
        stream_ptr stream;
        std::exception_ptr failure;
        bool done = false;
    };
    /// `stop` cancels it.
    void start(result& into, const client::endpoint& to, const client_options& options, asio::cancellation_slot stop = {}) {
        auto then = [&into](std::exception_ptr failure, stream_ptr stream) {
            into.failure = std::move(failure);
            into.stream = std::move(stream);
            into.done = true;
        };
        asio::co_spawn(strand, client::open_stream(to, options), asio::bind_cancellation_slot(stop, std::move(then)));
    }
    /// Throws what went wrong.
    stream_ptr open(const client::endpoint& to, const client_options& options) {
        result opened;
        start(opened, to, options);
        run_until([&] { return opened.done; });
        if (opened.failure)
            std::rethrow_exception(opened.failure);
        return std::move(opened.stream);
    }
    client_error failure(const client::endpoint& to, const client_options& options) {
        try {
            open(to, options);
        } catch (const client_error& error) {
            return error;
        }
        ADD_FAILURE() << "it was opened";
        return client_error(errc::invalid_argument);
    }

    /// On the strand: emitted elsewhere, Asio 1.81 passes a bare pointer to what is in `stop` on to the strand.
    void cancel(asio::cancellation_signal& stop) {
        bool emitted = false;
        asio::post(strand, [&] {
            stop.emit(asio::cancellation_type::terminal);
            emitted = true;
        });
        run_until([&] { return emitted; });
    }

    template<class Condition> void run_until(Condition reached) {
        loop.restart();
        while (!reached() && loop.run_one_for(std::chrono::seconds(30)) > 0) {}
        ASSERT_TRUE(reached()) << "nothing happens any more";
    }

    void write(client::byte_stream& stream, std::string_view text) {
        std::optional<boost::system::error_code> ended;
        stream.async_write(asio::buffer(text), [&](boost::system::error_code error, std::size_t) { ended = error; });
        run_until([&] { return ended.has_value(); });
        EXPECT_FALSE(*ended) << ended->message();
    }
    /// `count` bytes, or less if the stream ends before them.
    std::string read(client::byte_stream& stream, std::size_t count) {
        std::string text(count, '\0');
        std::size_t filled = 0;
        bool ended = false;
        while (filled < count && !ended) {
            bool answered = false;
            stream.async_read_some(asio::buffer(text) + filled, [&](boost::system::error_code error, std::size_t more) {
                filled += more;
                ended = error.failed();
                answered = true;
            });
            run_until([&] { return answered; });
        }
        text.resize(filled);
        return text;
    }
    void expect_echo(client::byte_stream& stream, const std::string& text = "AMQP") {
        write(stream, text);
        EXPECT_EQ(read(stream, text.size()), text);
    }

    /// --- What servers do

    /// Until the client has gone.
    template<class Stream> static asio::awaitable<void> echo(Stream& wire) {
        std::vector<char> buffer(64 * 1024);
        for (;;) {
            const auto count = co_await wire.async_read_some(asio::buffer(buffer), asio::use_awaitable);
            co_await asio::async_write(wire, asio::buffer(buffer, count), asio::use_awaitable);
        }
    }
    static asio::awaitable<void> echo(boost::beast::websocket::stream<tls_socket&>& wire) {
        for (;;) {
            boost::beast::flat_buffer message;
            co_await wire.async_read(message, asio::use_awaitable);
            co_await wire.async_write(message.data(), asio::use_awaitable);
        }
    }
    /// Takes what comes without a word, until the client has gone.
    template<class Stream> static asio::awaitable<void> stay_silent(Stream& wire) {
        std::array<char, 1024> buffer{};
        for (;;)
            co_await wire.async_read_some(asio::buffer(buffer), asio::use_awaitable);
    }
    /// Takes nothing, until the test ends.
    template<class Stream> asio::awaitable<void> stay_deaf(Stream&) { co_await test_ends_.async_wait(asio::use_awaitable); }
    static asio::awaitable<void> silent(tcp::socket wire) { co_await stay_silent(wire); }
    static asio::awaitable<void> closing(tcp::socket wire) {
        co_await wire.async_wait(tcp::socket::wait_read, asio::use_awaitable);
        wire.shutdown(tcp::socket::shutdown_both);
    }
    static asio::awaitable<void> echoing(tcp::socket wire) { co_await echo(wire); }

    asio::ssl::context& tls_of(const certificate_files& files) {
        auto& context = contexts_.emplace_back(asio::ssl::context::tls_server);
        context.use_certificate_chain_file(files.certificate.string());
        context.use_private_key_file(files.key.string(), asio::ssl::context::pem);
        return context;
    }
    using tls_server = std::function<asio::awaitable<void>(tls_socket&)>;
    static server over_tls(asio::ssl::context& tls, tls_server then) {
        return [&tls, then = std::move(then)](tcp::socket socket) { return shake_hands(std::move(socket), tls, then); };
    }
    using websocket = boost::beast::websocket::stream<tls_socket&>;
    /// That takes the sub-protocol which all of Azure's clients ask for.
    static server over_websocket(asio::ssl::context& tls, std::function<asio::awaitable<void>(websocket&)> then) {
        return over_tls(tls, [then = std::move(then)](tls_socket& wire) { return accept_websocket(wire, then); });
    }

    authority ca;
    asio::io_context loop{1};
    asio::strand<asio::io_context::executor_type> strand{loop.get_executor()};

private:
    asio::awaitable<void> accept(tcp::acceptor& acceptor, const server& with) {
        for (;;) {
            auto socket = co_await acceptor.async_accept(asio::use_awaitable);
            asio::co_spawn(loop, with(std::move(socket)), [](const std::exception_ptr&) {});
        }
    }
    static asio::awaitable<void> shake_hands(tcp::socket socket, asio::ssl::context& tls, const tls_server& then) {
        tls_socket wire(std::move(socket), tls);
        co_await wire.async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
        co_await then(wire);
    }
    static asio::awaitable<void> accept_websocket(tls_socket& tls, const std::function<asio::awaitable<void>(websocket&)>& then) {
        websocket wire(tls);
        wire.set_option(boost::beast::websocket::stream_base::decorator([](boost::beast::websocket::response_type& answer) {
            answer.set(boost::beast::http::field::sec_websocket_protocol, "AMQPWSB10"); // contract/iothub-amqp.md, 2.1
        }));
        wire.binary(true);
        co_await wire.async_accept(asio::use_awaitable);
        co_await then(wire);
    }

    asio::steady_timer test_ends_{loop, asio::steady_timer::time_point::max()};
    std::deque<asio::ssl::context> contexts_;
    std::deque<server> servers_;
    std::deque<tcp::acceptor> acceptors_;
};

} // namespace capstan::test
