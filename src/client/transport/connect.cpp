#include "client/transport/connect.hpp"

#include <memory>
#include <optional>

#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

namespace capstan::client {
namespace {

/// Attempts that run beside each other. Each holds on to it until it has ended.
struct race {
    explicit race(const asio::any_io_executor& executor) : changed(executor) {}

    bool over() const { return winner.has_value() || stopped; }
    void stop() {
        stopped = true;
        close_all();
        changed.cancel();
    }
    void close_all() {
        boost::system::error_code ignored;
        for (const auto& socket : sockets)
            socket->close(ignored);
    }

    asio::steady_timer changed; ///< cancelled when an attempt has ended
    std::vector<std::shared_ptr<tcp::socket>> sockets;
    std::size_t running = 0;
    std::optional<tcp::socket> winner;
    std::string failures; ///< of all that failed, with their addresses
    bool stopped = false;
};

void start_attempt(const std::shared_ptr<race>& all, const tcp::endpoint& address) {
    auto socket = std::make_shared<tcp::socket>(all->changed.get_executor());
    all->sockets.push_back(socket);
    ++all->running;
    socket->async_connect(address, [all, socket, address](const boost::system::error_code& error) {
        --all->running;
        if (error)
            all->failures += fmt::format("{}{} ({})", all->failures.empty() ? "" : ", ", error.message(), address.address().to_string());
        else if (!all->over())
            all->winner = std::move(*socket);
        all->changed.cancel();
    });
}

/// Small frames go out at once, and a hub that vanished without a word is noticed even by those who have the idle time-out off.
void set_options(tcp::socket& socket) {
    boost::system::error_code ignored; // of a socket that was reset already: the first read says it
    socket.set_option(tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
}

} // namespace

asio::awaitable<tcp::socket> connect(progress& whole, std::string name, std::vector<tcp::endpoint> addresses,
                                     std::chrono::milliseconds delay) {
    const auto all = std::make_shared<race>(co_await asio::this_coro::executor);
    const step now(whole, "connect to " + name, [all] { all->stop(); });
    for (auto next = addresses.begin(); !all->over();) {
        if (next != addresses.end())
            start_attempt(all, *next++);
        else if (all->running == 0)
            now.fail(all->failures);
        if (next != addresses.end())
            all->changed.expires_after(delay);
        else
            all->changed.expires_at(asio::steady_timer::time_point::max());
        boost::system::error_code ignored;
        co_await all->changed.async_wait(into(ignored));
    }
    all->close_all();
    if (!all->winner)
        now.fail("stopped");
    set_options(*all->winner);
    co_return std::move(*all->winner);
}

} // namespace capstan::client
