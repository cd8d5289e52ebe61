#include "http/server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "http/session.hpp"

namespace capstan::http {

/// Outlives the server as long as a session does.
struct server::shared : std::enable_shared_from_this<shared> {
    shared(std::vector<thread> io, capstan::hub::hub& of, const net::current_tls& given, limits limits_given)
        : threads(std::move(io)), waiting(threads.size()), hub(of), tls(given), bounds(limits_given),
          acceptor(std::in_place, threads.front().loop), retry(std::in_place, threads.front().loop) {}

    void accept();
    void start(net::tcp_socket socket, std::size_t on);

    const std::vector<thread> threads;
    std::vector<waiting_sessions> waiting; ///< by thread
    capstan::hub::hub& hub;
    const net::current_tls& tls;
    const limits bounds;
    // On the first thread. They end with the server: a session's thread may go after the first one.
    std::optional<asio::ip::tcp::acceptor> acceptor;
    std::optional<asio::steady_timer> retry;
    std::size_t next = 0;
    std::atomic<std::size_t> sessions{0};
    std::atomic<bool> stopping{false};
};

server::server(std::vector<thread> threads, hub::hub& hub, const net::current_tls& tls, limits bounds)
    : shared_(std::make_shared<shared>(std::move(threads), hub, tls, bounds)) {}
server::~server() {
    shared_->acceptor.reset();
    shared_->retry.reset();
}

std::expected<std::uint16_t, std::string> server::open(const std::string& address, std::uint16_t port) {
    auto& acceptor = *shared_->acceptor;
    boost::system::error_code error;
    const auto where = asio::ip::make_address(address, error);
    if (error)
        return std::unexpected(fmt::format("'{}' is not an address to listen on", address));
    const asio::ip::tcp::endpoint endpoint(where, port);
    acceptor.open(endpoint.protocol(), error);
    if (!error)
        acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error)
        acceptor.bind(endpoint, error);
    if (!error)
        acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error == asio::error::address_in_use)
        return std::unexpected(fmt::format("port {} on {} is in use", port, address));
    if (error)
        return std::unexpected(fmt::format("cannot listen on {} port {}: {}", address, port, error.message()));
    shared_->accept();
    return acceptor.local_endpoint().port();
}

void server::shared::accept() {
    const auto on = next++ % threads.size();
    acceptor->async_accept(threads[on].loop,
                           [self = shared_from_this(), on](const boost::system::error_code& error, net::tcp_socket socket) {
                               if (self->stopping || error == asio::error::operation_aborted)
                                   return;
                               if (!error) {
                                   self->start(std::move(socket), on);
                                   return self->accept();
                               }
        // Out of descriptors, most likely: others have to end first.
                               spdlog::warn("an HTTPS connection could not be taken: {}", error.message());
                               self->retry->expires_after(std::chrono::milliseconds(200));
                               self->retry->async_wait([self](const boost::system::error_code& ended) {
                                   if (!ended)
                                       self->accept();
                               });
                           });
}

void server::shared::start(net::tcp_socket socket, std::size_t on) {
    if (sessions >= bounds.connections)
        return; // closed with the socket
    ++sessions;
    auto session =
        serve_session(std::move(socket), tls.get(), context{hub, threads[on].queue}, bounds, waiting[on], threads[on].websockets);
    asio::co_spawn(threads[on].loop, std::move(session), [self = shared_from_this()](std::exception_ptr fault) {
        --self->sessions;
        if (fault)
            spdlog::error("an HTTPS session ended by a fault");
    });
}

void server::stop() {
    shared_->stopping = true;
    asio::post(shared_->threads.front().loop, [self = shared_] {
        boost::system::error_code ignored;
        self->acceptor->close(ignored);
        self->retry->cancel();
    });
    for (std::size_t on = 0; on < shared_->threads.size(); ++on)
        asio::post(shared_->threads[on].loop, [self = shared_, on] { self->waiting[on].end(); });
}

} // namespace capstan::http
