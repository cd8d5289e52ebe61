#include "server/listener.hpp"

#include <boost/asio/ip/v6_only.hpp>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "net/tls_stream.hpp"
#include "server/host_name.hpp"

namespace capstan::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// When the process or the system has no descriptor or memory left for another connection: so long until the next attempt.
constexpr std::chrono::milliseconds accept_pause{200};

/// Connections that came and were not taken yet; the system has a limit of its own (net.core.somaxconn).
constexpr int backlog = 4096;

std::string why_not_listening(const std::string& address, std::uint16_t port, const boost::system::error_code& error) {
    if (error == asio::error::address_in_use)
        return fmt::format("port {} on {} is in use", port, address);
    if (error == asio::error::access_denied)
        return fmt::format("port {} on {} may not be used: {} (ports below 1024 need a privilege)", port, address, error.message());
    return fmt::format("cannot listen on port {} of {}: {}", port, address, error.message());
}

std::string text_of(const tcp::endpoint& endpoint) {
    return fmt::format("{}:{}", host_in_url(endpoint.address().to_string()), endpoint.port());
}

} // namespace

listener::listener(io_threads& threads, hub::hub& hub, const amqp::settings& engine_settings, const net::current_tls& tls,
                   std::size_t limit)
    : tls_(tls), seats_(limit), acceptor_(threads[0].context()), retry_(threads[0].context()) {
    for (std::size_t index = 0; index < threads.size(); ++index)
        parts_.push_back(std::make_unique<thread_part>(thread_part{.home = {threads[index], index, hub, engine_settings}}));
}

std::expected<std::uint16_t, std::string> listener::open(const std::string& address, std::uint16_t port) {
    boost::system::error_code error;
    const auto ip = asio::ip::make_address(address, error);
    if (error)
        return std::unexpected(fmt::format("cannot listen on \"{}\": it is not an IP address", address));
    const tcp::endpoint endpoint(ip, port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error)
        acceptor_.set_option(acceptor::reuse_address(true), error); // connections of a hub that ended just now do not keep the port
    if (!error && ip.is_v6())
        acceptor_.set_option(asio::ip::v6_only(false), error); // "::" means both
    if (!error)
        acceptor_.bind(endpoint, error);
    if (!error)
        acceptor_.listen(backlog, error);
    if (error)
        return std::unexpected(why_not_listening(address, port, error));
    accept();
    return acceptor_.local_endpoint().port();
}

// --- taking connections

void listener::accept() {
    thread_part& part = *parts_[next_part_];
    next_part_ = (next_part_ + 1) % parts_.size();
    acceptor_.async_accept(part.home.thread.context(), [this, &part](const boost::system::error_code& error, net::tcp_socket socket) {
        on_accept(error, std::move(socket), part);
    });
}

void listener::on_accept(const boost::system::error_code& error, net::tcp_socket socket, thread_part& part) {
    if (!acceptor_.is_open())
        return;
    if (error == asio::error::no_descriptors || error == boost::system::errc::too_many_files_open_in_system ||
        error == asio::error::no_memory || error == asio::error::no_buffer_space)
        return pause(error);
    if (std::exchange(paused_, false))
        spdlog::warn("connections are taken again");
    if (!error) // otherwise it was gone before we took it
        admit(std::move(socket), part);
    accept();
}

void listener::admit(net::tcp_socket socket, thread_part& part) {
    auto seat = take_seat();
    if (!seat)
        return;
    part.home.thread.post(
        [this, socket = std::move(socket), &part, seat = std::move(*seat)]() mutable { start(std::move(socket), part, std::move(seat)); });
}

/// Any thread.
std::optional<seats::seat> listener::take_seat() {
    auto seat = seats_.take();
    if (!full_.exchange(!seat) && !seat)
        spdlog::warn("more than {} connections: those beyond are closed as they come", seats_.limit());
    return seat;
}

/// On the thread where the connection is to live, like what follows.
void listener::start(net::tcp_socket socket, thread_part& part, seats::seat seat) {
    start(std::make_unique<net::tls_stream>(std::move(socket), *tls_.get()), part, std::move(seat));
}

void listener::start(std::unique_ptr<net::stream> stream, thread_part& part, seats::seat seat) {
    boost::system::error_code gone;
    const auto address = text_of(stream->socket().remote_endpoint(gone));
    if (gone || part.stopping)
        return;
    const auto task = std::make_shared<connection_task>(part.home, std::move(stream), address, std::move(seat));
    part.connections.push_back(*task);
    task->start();
}

http::websocket_taker listener::websocket_place(std::size_t thread) {
    thread_part& part = *parts_[thread];
    auto seat = part.stopping ? std::nullopt : take_seat();
    if (!seat)
        return nullptr;
    return [this, &part, seat = std::move(*seat)](std::unique_ptr<net::stream> stream) mutable {
        start(std::move(stream), part, std::move(seat));
    };
}

void listener::pause(const boost::system::error_code& error) {
    if (!std::exchange(paused_, true))
        spdlog::error("no more connections can be taken ({}); tried again every {} ms", error.message(), accept_pause.count());
    retry_.expires_after(accept_pause);
    retry_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled && acceptor_.is_open())
            accept();
    });
}

// --- the hub stops

void listener::stop_accepting() {
    parts_[0]->home.thread.post([this] {
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        retry_.cancel();
    });
}

void listener::stop_connections(steady_time close_at) {
    for (const auto& each : parts_)
        each->home.thread.post([part = each.get(), close_at] {
            part->stopping = true;
            for (auto next = part->connections.begin(); next != part->connections.end();)
                (next++)->shared_from_this()->stop(close_at); // it may leave the list
        });
}

void listener::end_connections() {
    for (const auto& each : parts_)
        each->home.thread.post([part = each.get()] {
            while (!part->connections.empty())
                part->connections.front().shared_from_this()->end("the hub stops");
        });
}

} // namespace capstan::server
