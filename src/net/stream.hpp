#pragma once
// A byte stream over a non-blocking TCP socket, in reactor style: its owner tries to read or write, and when nothing can be done
// waits for the socket as it is told. An idle stream holds no buffer and has no operation pending but that wait.

#include <cstdint>
#include <optional>
#include <span>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/bytes.hpp"
#include "base/client_certificate.hpp"

namespace capstan::net {

/// Bound to an io_context by type: the type-erased executor of asio::ip::tcp::socket would cost every connection memory.
using tcp_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

enum class io_state : std::uint8_t {
    moved,         ///< `count` bytes were read or written, at least one; there may be room for more
    wait_readable, ///< try again when the socket is readable
    wait_writable, ///< try again when the socket is writable; a read can need that too
    closed,        ///< the peer sends nothing more
    over, ///< nothing more comes that counts: `error` is eof, or what the peer did wrong. finish() answers that; the rest is dropped
    failed, ///< the stream is broken: `error` says why
};

struct io_result {
    io_state state;
    std::size_t count = 0;
    boost::system::error_code error{};
    bool drained = false; ///< `moved`, of a read: there was no more; the next is in vain until the socket is readable
};

/// Used by one thread, that of its socket's io_context. Whoever uses streams has SIGPIPE ignored.
class stream {
public:
    stream() = default;
    virtual ~stream() = default;
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;

    virtual io_result read_some(std::span<std::uint8_t> into) = 0;

    /// One call is one write to the network (with TLS: one record): bytes of two calls never share one. After wait_* the next call
    /// must bring the same bytes again, and may bring more behind them.
    virtual io_result write_some(bytes_view from) = 0;

    /// The handshake, if this kind of stream has one, is over. Reads and writes drive it.
    virtual bool established() const = 0;

    /// The certificate that the peer gave, if it gave one.
    virtual std::optional<client_certificate> peer_certificate() const = 0;

    /// Says that nothing more will be written, as far as that can be done without waiting. Reading goes on.
    virtual void finish() = 0;

    /// For waiting and closing.
    virtual tcp_socket& socket() = 0;
};

/// A stream that has the socket itself.
class socket_stream : public stream {
public:
    /// Takes a connected socket, and makes it non-blocking.
    explicit socket_stream(tcp_socket socket);

    tcp_socket& socket() final { return socket_; }

protected:
    tcp_socket socket_;
};

} // namespace capstan::net
