#include <fmt/format.h>

#include "client/transport/asio_stream.hpp"
#include "client/transport/byte_stream.hpp"
#include "client/transport/connect.hpp"
#include "client/transport/proxy.hpp"
#include "client/transport/tls.hpp"
#include "client/transport/websocket.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

namespace capstan::client {
namespace {

using stream_ptr = std::unique_ptr<byte_stream>;

/// The name goes into requests and may come from a peer that redirects.
void check_host(const std::string& host) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%";
    if (host.empty() || host.find_first_not_of(allowed) != std::string::npos)
        throw client_error(errc::invalid_argument, "'" + host + "' is no host name");
}

asio::awaitable<tcp::socket> reach(progress& whole, const std::string& host, std::uint16_t port, std::string name) {
    auto addresses = co_await resolve(whole, host, port);
    co_return co_await connect(whole, std::move(name), std::move(addresses));
}

/// To the hub itself, or through a proxy; then it is the proxy that resolves the hub's name.
asio::awaitable<tcp::socket> reach(progress& whole, endpoint to, const client_options& options) {
    if (options.connect_to())
        to.host = *options.connect_to();
    if (!options.proxy())
        co_return co_await reach(whole, to.host, to.port, host_and_port(to.host, to.port));
    const auto& proxy = *options.proxy();
    auto socket = co_await reach(whole, proxy.host(), proxy.port(), "proxy " + host_and_port(proxy.host(), proxy.port()));
    co_await tunnel(whole, socket, proxy, to);
    co_return socket;
}

/// Layer by layer.
asio::awaitable<stream_ptr> open(progress& whole, const endpoint& to, const client_options& options) {
    check_host(to.host);
    if (options.connect_to())
        check_host(*options.connect_to());
    if (options.over() == transport::plain_amqp) {
        auto socket = co_await reach(whole, to, options);
        co_return std::make_unique<asio_stream<tcp::socket>>(std::move(socket));
    }
    auto context = tls_context(to, options); // first: files that cannot be used are no matter of the network
    auto socket = co_await reach(whole, to, options);
    tls_layer tls(std::move(socket), context);
    co_await shake_hands(whole, tls, to);
    if (options.over() == transport::amqp_over_websockets)
        co_return co_await upgrade(whole, std::move(tls), to);
    co_return std::make_unique<asio_stream<tls_layer>>(std::move(tls));
}

/// What open_stream() and the coroutine that does it share.
struct opening {
    opening(asio::any_io_executor executor, endpoint where, client_options how)
        : to(std::move(where)), options(std::move(how)), ended(executor, options.connect_time_out()) {}

    endpoint to;
    client_options options;
    progress whole;
    asio::steady_timer ended; ///< cancelled when it has; before, it is the time-out
    bool finished = false;
    stream_ptr stream;
    std::exception_ptr failure;
};

asio::awaitable<void> carry_out(std::shared_ptr<opening> asked) {
    try {
        asked->stream = co_await open(asked->whole, asked->to, asked->options);
    } catch (const client_error&) {
        asked->failure = std::current_exception();
    } catch (const std::exception& other) { // of Asio or the library, when the system has no more to give
        const auto words = fmt::format("{}: {}", asked->whole.step_name(), other.what());
        asked->failure = std::make_exception_ptr(client_error(errc::connection_failed, words));
    }
    asked->finished = true;
    asked->ended.cancel();
}

/// Until it has ended, by itself or because it was stopped. Why it was stopped, if it was.
asio::awaitable<std::optional<client_error>> wait_for_end(opening& asked) {
    std::optional<client_error> stopped;
    while (!asked.finished) {
        boost::system::error_code cancelled;
        co_await asked.ended.async_wait(into(cancelled));
        if (asked.finished || stopped)
            continue;
        if (cancelled)
            stopped.emplace(errc::canceled, asked.whole.step_name());
        else
            stopped.emplace(errc::timed_out,
                            fmt::format("{}: not done within {} ms", asked.whole.step_name(), asked.options.connect_time_out().count()));
        asked.ended.expires_at(asio::steady_timer::time_point::max());
        asked.whole.stop();
    }
    co_return stopped;
}

} // namespace

/// The work is done beside, in a coroutine that cannot be cancelled: not everything in it could be, at every moment. Stopped it is by
/// closing its socket, which ends whatever it does, and it is waited for.
asio::awaitable<stream_ptr> open_stream(endpoint to, client_options options) {
    const auto executor = co_await asio::this_coro::executor;
    const auto asked = std::make_shared<opening>(executor, std::move(to), std::move(options));
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    asio::co_spawn(executor, carry_out(asked), asio::detached);
    const auto stopped = co_await wait_for_end(*asked);
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (stopped)
        throw client_error(*stopped);
    if (asked->failure)
        std::rethrow_exception(asked->failure);
    co_return std::move(asked->stream);
}

} // namespace capstan::client
