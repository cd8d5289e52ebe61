#include "client/transport/websocket.hpp"

#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <fmt/format.h>

#include "client/transport/connect.hpp"
#include "client/transport/status_words.hpp"

namespace capstan::client {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using websocket = beast::websocket::stream<tls_layer>;

constexpr std::string_view sub_protocol = "AMQPWSB10";

void end(websocket& wire) {
    boost::system::error_code ignored;
    beast::get_lowest_layer(wire).close(ignored);
}

/// Reads until there is something: messages may be empty.
void read(const std::shared_ptr<websocket>& wire, asio::mutable_buffer into, byte_stream::done then) {
    auto and_then = [wire, into, then = std::move(then)](const boost::system::error_code& error, std::size_t count) mutable {
        if (!error && count == 0)
            return read(wire, into, std::move(then));
        std::move(then)(error, count);
    };
    wire->async_read_some(into, std::move(and_then));
}

/// What is under way keeps it alive. Pings are answered while it is read from; everything that has to do with time is AMQP's.
class websocket_stream final : public byte_stream {
public:
    explicit websocket_stream(std::shared_ptr<websocket> wire) : wire_(std::move(wire)) {
        wire_->binary(true);
        wire_->auto_fragment(false);
        wire_->write_buffer_bytes(std::size_t{16} * 1024); // one TLS record; it is where messages are masked
        wire_->read_message_max(0);                        // no limit: it is not kept, but read piece by piece
    }
    ~websocket_stream() override { end(*wire_); }

    void async_read_some(asio::mutable_buffer into, done then) override { read(wire_, into, std::move(then)); }
    void async_write(asio::const_buffer from, done then) override {
        auto and_then = [wire = wire_, then = std::move(then)](const boost::system::error_code& error, std::size_t count) mutable {
            std::move(then)(error, count);
        };
        wire_->async_write(from, std::move(and_then));
    }
    void close() noexcept override { end(*wire_); }

private:
    const std::shared_ptr<websocket> wire_;
};

void decorate(beast::websocket::request_type& request) { request.set(http::field::sec_websocket_protocol, sub_protocol); }

/// The port of wss goes without saying.
std::string host_of(const endpoint& to) {
    const std::string full = host_and_port(to.host, to.port);
    return to.port == 443 ? full.substr(0, full.rfind(':')) : full;
}

} // namespace

asio::awaitable<std::unique_ptr<byte_stream>> upgrade(progress& whole, tls_layer tls, endpoint to) {
    const auto wire = std::make_shared<websocket>(std::move(tls));
    const std::string host = host_of(to);
    const step now(whole, fmt::format("WebSocket wss://{}{}", host, to.websocket_path), [wire] { end(*wire); });
    wire->set_option(beast::websocket::stream_base::decorator(decorate));
    beast::websocket::response_type answer;
    boost::system::error_code error;
    co_await wire->async_handshake(answer, host, to.websocket_path, into(error));
    if (error == beast::websocket::error::upgrade_declined)
        now.fail(status_words(answer.result_int(), answer.reason()));
    now.require(error);
    if (answer[http::field::sec_websocket_protocol] != sub_protocol)
        now.fail(fmt::format("the sub-protocol {} was not accepted", sub_protocol));
    co_return std::make_unique<websocket_stream>(wire);
}

} // namespace capstan::client
