#pragma once
// A port for AMQP: takes connections and gives them to the io threads in turn.
//
// One acceptor for all threads. SO_REUSEPORT with an acceptor per thread would spread connections by a hash of their addresses, which
// puts a few busy ones onto one thread easily; and with it a second hub of the same user could take the same port without an error,
// and half of the devices with it.

#include <cstdint>
#include <expected>
#include <functional>
#include <string>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/stream.hpp"
#include "server/io_threads.hpp"

namespace capstan::server {

/// All but open() is for the first thread.
class door {
public:
    /// `take` gets each connection and the index of the thread whose loop its socket is bound to. Threads outlive the door.
    using taker = std::function<void(net::tcp_socket, std::size_t thread)>;
    door(io_threads& threads, taker take);

    /// Before the threads start. Gives back the real port (port 0: any free one), or why not, for the operator.
    std::expected<std::uint16_t, std::string> open(const std::string& address, std::uint16_t port);

    void close();

private:
    using acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

    void accept();
    void on_accept(const boost::system::error_code& error, net::tcp_socket socket, std::size_t thread);
    void pause(const boost::system::error_code& error);

    io_threads& threads_;
    const taker take_;
    std::size_t next_thread_ = 0;
    acceptor acceptor_;
    boost::asio::steady_timer retry_;
    bool paused_ = false; ///< for the log: said once, until it is over
};

} // namespace capstan::server
