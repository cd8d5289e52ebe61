#pragma once
// The ports for AMQP, with and without TLS: knows all connections that come there until they end; also those that come to the HTTPS
// port and become WebSockets.

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "http/server.hpp"
#include "net/tls_context.hpp"
#include "server/connection_task.hpp"
#include "server/door.hpp"
#include "server/io_threads.hpp"
#include "server/seats.hpp"

namespace capstan::server {

class listener {
public:
    /// All arguments outlive it. At most `limit` connections are held; those beyond are closed as they come.
    listener(io_threads& threads, hub::hub& hub, const amqp::settings& engine_settings, const net::current_tls& tls, std::size_t limit);

    /// AMQP over TLS. Before the threads start. Gives back the real port (port 0: any free one), or why not, for the operator.
    std::expected<std::uint16_t, std::string> open(const std::string& address, std::uint16_t port) { return amqps_.open(address, port); }
    /// The same without TLS: tokens and messages can be read by whoever sees the network.
    std::expected<std::uint16_t, std::string> open_plain(const std::string& address, std::uint16_t port) {
        return amqp_.open(address, port);
    }

    // --- the hub stops: any thread, in this order

    void stop_accepting();
    /// Each connection as connection_task::stop.
    void stop_connections(steady_time close_at);
    /// Ends whatever is left.
    void end_connections();
    /// Blocks; false if there are connections at `until`.
    bool wait_until_gone(steady_time until) { return seats_.wait_until_free(until); }

    /// A place for a connection that comes over a WebSocket; none when all are taken, or the hub stops. On that thread.
    http::websocket_taker websocket_place(std::size_t thread);

    std::size_t connections() const { return seats_.taken(); }

private:
    /// What lives on one thread and is touched only there.
    struct thread_part {
        connection_home home;
        connection_list connections{};
        bool stopping = false;
    };

    using stream_maker = std::unique_ptr<net::stream> (listener::*)(net::tcp_socket) const;
    void admit(net::tcp_socket socket, thread_part& part, stream_maker make);
    std::unique_ptr<net::stream> with_tls(net::tcp_socket socket) const;
    std::unique_ptr<net::stream> without_tls(net::tcp_socket socket) const;
    std::optional<seats::seat> take_seat();
    void start(std::unique_ptr<net::stream> stream, thread_part& part, seats::seat seat);

    const net::current_tls& tls_;
    seats seats_;
    std::atomic<bool> full_{false}; ///< for the log: said once, until it is over
    std::vector<std::unique_ptr<thread_part>> parts_;
    door amqps_, amqp_;
};

} // namespace capstan::server
