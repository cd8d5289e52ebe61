#pragma once
// A connected stream of bytes to a hub, and how one is made: name, TCP, proxy, TLS, WebSocket.

#include <memory>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>

#include <capstan/client_options.hpp>

namespace capstan::client {

namespace asio = boost::asio;

/// At most one read and one write at a time. Used on one strand, that of its executor.
class byte_stream {
public:
    using done = asio::any_completion_handler<void(boost::system::error_code, std::size_t)>;

    virtual ~byte_stream() = default;
    virtual void async_read_some(asio::mutable_buffer into, done then) = 0;
    /// Writes all of it. With WebSockets it becomes one binary message.
    virtual void async_write(asio::const_buffer from, done then) = 0;
    /// Ends the connection, and with it what is under way (operation_aborted). Does not wait.
    virtual void close() noexcept = 0;
};

/// Where to, and as whom.
struct endpoint {
    std::string host;                 ///< the name in the hub's certificate; also what is resolved
    std::uint16_t port = 0;
    std::string websocket_path;       ///< used with transport::amqp_over_websockets: /$iothub/websocket or /$servicebus/websocket
    std::filesystem::path certificate, key; ///< PEM of a client certificate; empty: none
};

/// Resolves once it is ready to carry AMQP. Throws client_error: connection_failed, hub_not_trusted or timed_out, with the step that
/// failed and the system's or the proxy's words. Cancellation (terminal) ends it. Addresses are tried in turn, the next one when the
/// one before has not answered after 250 ms (RFC 8305); the first that connects is taken.
asio::awaitable<std::unique_ptr<byte_stream>> open_stream(endpoint to, client_options options);

} // namespace capstan::client
