#pragma once
// One AMQP connection while it lasts: the only place of the client that knows both the stream and the engine.

#include <deque>
#include <functional>
#include <memory>

#include <boost/asio/steady_timer.hpp>

#include <capstan/amqp/connection.hpp>

#include "client/completion.hpp"
#include "client/transport/byte_stream.hpp"

namespace capstan::client {

/// On the strand of `executor`. What it waits for keeps it alive; it goes when the stream has been closed.
class driver : public std::enable_shared_from_this<driver> {
public:
    /// `settings` outlive it. `handle` gets all events but closed, until end() or the end.
    driver(asio::any_io_executor executor, std::unique_ptr<byte_stream> stream, const amqp::settings& settings,
           std::function<void(const amqp::event&)> handle);

    amqp::connection& engine() { return engine_; }

    /// Runs it. `over` gets why it ended.
    void start(std::function<void(const client_error&)> over);
    /// The engine was given something to do: it is done at the end of what the strand is doing now.
    void wake();
    /// Says goodbye, and waits for the peer's within the engine's bounds.
    void close();
    /// Ends it here and now; nobody is told.
    void abandon();

private:
    /// A write is at most one TLS record.
    static constexpr std::size_t max_write = 16 * 1024;

    void read();
    void turn();
    void write();
    void set_timer();
    void finish(const client_error& why);
    static amqp::steady_time now() { return std::chrono::steady_clock::now(); }

    asio::any_io_executor executor_;
    std::unique_ptr<byte_stream> stream_;
    amqp::connection engine_;
    std::function<void(const amqp::event&)> handle_;
    std::function<void(const client_error&)> over_;
    asio::steady_timer timer_;
    std::optional<client_error> closed_; ///< by the peer, or by the engine
    std::vector<std::uint8_t> input_, output_;
    bool writing_ = false, woken_ = false, ended_ = false;
};

} // namespace capstan::client
