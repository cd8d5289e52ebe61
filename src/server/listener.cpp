#include "server/listener.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "net/tcp_stream.hpp"
#include "net/tls_stream.hpp"
#include "server/host_name.hpp"

namespace capstan::server {
namespace {

using boost::asio::ip::tcp;

std::string text_of(const tcp::endpoint& endpoint) {
    return fmt::format("{}:{}", host_in_url(endpoint.address().to_string()), endpoint.port());
}

} // namespace

listener::listener(io_threads& threads, hub::hub& hub, const amqp::settings& engine_settings, const net::current_tls& tls,
                   std::size_t limit)
    : tls_(tls), seats_(limit),
      amqps_(threads, [this](net::tcp_socket socket, std::size_t on) { admit(std::move(socket), *parts_[on], &listener::with_tls); }),
      amqp_(threads, [this](net::tcp_socket socket, std::size_t on) { admit(std::move(socket), *parts_[on], &listener::without_tls); }) {
    for (std::size_t index = 0; index < threads.size(); ++index)
        parts_.push_back(std::make_unique<thread_part>(thread_part{.home = {threads[index], index, hub, engine_settings}}));
}

// --- taking connections

void listener::admit(net::tcp_socket socket, thread_part& part, stream_maker make) {
    auto seat = take_seat();
    if (!seat)
        return;
    part.home.thread.post([this, socket = std::move(socket), &part, make, seat = std::move(*seat)]() mutable {
        start((this->*make)(std::move(socket)), part, std::move(seat));
    });
}

std::unique_ptr<net::stream> listener::with_tls(net::tcp_socket socket) const {
    return std::make_unique<net::tls_stream>(std::move(socket), *tls_.get());
}

std::unique_ptr<net::stream> listener::without_tls(net::tcp_socket socket) const {
    return std::make_unique<net::tcp_stream>(std::move(socket));
}

/// Any thread.
std::optional<seats::seat> listener::take_seat() {
    auto seat = seats_.take();
    if (!full_.exchange(!seat) && !seat)
        spdlog::warn("more than {} connections: those beyond are closed as they come", seats_.limit());
    return seat;
}

/// On the thread where the connection is to live, like what follows.
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

// --- the hub stops

void listener::stop_accepting() {
    parts_[0]->home.thread.post([this] {
        amqps_.close();
        amqp_.close();
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
