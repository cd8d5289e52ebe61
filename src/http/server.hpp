#pragma once
// The HTTPS port: registry, purge, statistics, health, and the beginning of AMQP over WebSockets. Connections are spread over the io
// threads that it is given.

#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "http/exchange.hpp"
#include "net/stream.hpp"
#include "net/tls_context.hpp"

namespace capstan::http {

struct limits {
    std::size_t connections = 2048;      ///< those beyond are closed as they come; each holds some 20 KiB
    std::size_t header = 16 * 1024;      ///< bytes; a token is 8 KiB at most
    std::size_t body = 1024 * 1024;      ///< bytes; a hundred devices with all they can have
    std::size_t small_body = 64 * 1024;  ///< bytes; one device
    std::chrono::seconds request_time{30}; ///< for the request to come, and for its answer to go
    std::chrono::seconds answer_time{600}; ///< to make it: a hundred changes on a slow disk
    std::chrono::seconds idle_time{60};
};

/// Takes a connection that became a WebSocket, on the thread of its socket.
using websocket_taker = std::move_only_function<void(std::unique_ptr<net::stream>)>;
/// Gives a taker, who has a place for one more connection; none when there is no place. Called on the thread that it is for; the
/// taker is used at once, or dropped.
using websocket_host = std::function<websocket_taker()>;

class server {
public:
    /// Of one io thread. What it names outlives the server.
    struct thread {
        boost::asio::io_context& loop;
        run_queue& queue;
        websocket_host websockets{}; ///< none: there are no WebSockets
    };

    /// `tls` outlives it, as does the hub.
    server(std::vector<thread> threads, capstan::hub::hub& hub, const net::current_tls& tls, limits bounds = {});
    /// When no thread runs its sessions any more.
    ~server();

    /// Before the threads start. Gives back the real port (port 0: any free one), or why not, for the operator.
    std::expected<std::uint16_t, std::string> open(const std::string& address, std::uint16_t port);

    /// Takes no more connections, and ends those whose request is not there as a whole; those that are being answered end after the
    /// answer. Any thread.
    void stop();

private:
    struct shared;
    std::shared_ptr<shared> shared_;
};

} // namespace capstan::http
