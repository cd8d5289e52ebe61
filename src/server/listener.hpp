#pragma once
// The AMQPS port: takes connections, spreads them over the io threads, and knows all of them until they end; also those that come to
// the HTTPS port and become WebSockets.
//
// One acceptor gives them to the threads in turn. SO_REUSEPORT with an acceptor per thread would spread them by a hash of their
// addresses, which puts a few busy connections onto one thread easily; and with it a second hub of the same user could take the same
// port without an error, and half of the devices with it.

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/server.hpp"
#include "net/tls_context.hpp"
#include "server/connection_task.hpp"
#include "server/io_threads.hpp"
#include "server/seats.hpp"

namespace capstan::server {

class listener {
public:
    /// All arguments outlive it. At most `limit` connections are held; those beyond are closed as they come.
    listener(io_threads& threads, hub::hub& hub, const amqp::settings& engine_settings, const net::current_tls& tls, std::size_t limit);

    /// Before the threads start. Gives back the real port (port 0: any free one), or why not, for the operator.
    std::expected<std::uint16_t, std::string> open(const std::string& address, std::uint16_t port);

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
    using acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

    /// What lives on one thread and is touched only there.
    struct thread_part {
        connection_home home;
        connection_list connections{};
        bool stopping = false;
    };

    void accept();
    void on_accept(const boost::system::error_code& error, net::tcp_socket socket, thread_part& part);
    void admit(net::tcp_socket socket, thread_part& part);
    std::optional<seats::seat> take_seat();
    void start(net::tcp_socket socket, thread_part& part, seats::seat seat);
    void start(std::unique_ptr<net::stream> stream, thread_part& part, seats::seat seat);
    void pause(const boost::system::error_code& error);

    const net::current_tls& tls_;
    seats seats_;
    std::atomic<bool> full_{false}; ///< for the log: said once, until it is over
    std::vector<std::unique_ptr<thread_part>> parts_;
    std::size_t next_part_ = 0;
    acceptor acceptor_; ///< on the first thread, like all members from here on
    boost::asio::steady_timer retry_;
    bool paused_ = false; ///< for the log, likewise
};

} // namespace capstan::server
