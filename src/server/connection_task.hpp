#pragma once
// One AMQP connection on the network: the only place that knows both its socket and its engine.

#include <memory>
#include <optional>
#include <string>

#include <boost/intrusive/list.hpp>

#include <capstan/amqp/connection.hpp>

#include "hub/peer.hpp"
#include "net/stream.hpp"
#include "server/io_threads.hpp"
#include "server/seats.hpp"
#include "server/timer_wheel.hpp"

namespace capstan::server {

/// What connections are made of and for; outlives them all.
struct connection_home {
    io_thread& thread;
    std::size_t index; ///< of the thread
    hub::hub& hub;
    const amqp::settings& engine_settings;
};

struct in_connection_list;
using connection_hook = intrusive::list_base_hook<intrusive::tag<in_connection_list>, intrusive::link_mode<intrusive::auto_unlink>>;

/// Lives on one io thread; all its functions are called there. It owns itself from start() until it ends: while it is not to be read
/// from, it may wait for nothing but its timer.
class connection_task final : public std::enable_shared_from_this<connection_task>, public connection_hook, private timer {
public:
    /// `address`: the peer's, for the log.
    connection_task(const connection_home& home, std::unique_ptr<net::stream> stream, std::string address, seats::seat seat);

    void start();

    /// The hub stops: the connection is closed with amqp:connection:forced once all that was taken is answered, at `close_at` all the
    /// same.
    void stop(steady_time close_at);

    /// Ends it here and now.
    void end(std::string_view why);

private:
    /// How long TLS may take; the engine bounds what follows (amqp::settings::handshake_time_out).
    static constexpr std::chrono::seconds handshake_time_out{30};
    /// How long, after our last byte, the peer may go on sending. Closing a socket with unread input resets the connection, and the
    /// peer would lose what we wrote last: the close that says why.
    static constexpr std::chrono::seconds linger_time_out{2};
    /// Of one turn, so that one busy connection does not keep the others waiting: input is bounded by the thread's buffer (64 KiB),
    /// output by this many writes (16 KiB each under TLS).
    static constexpr int max_writes_per_turn = 64;
    /// Beyond this much output nothing more is read from a peer that makes us answer but does not read. What endpoints send by
    /// themselves stays below half of it.
    static constexpr std::size_t output_limit = 2 * hub::peer::output_high_water;

    void turn();
    void take_turn();
    bytes_view read();
    std::size_t note(net::io_state& state, const net::io_result& did);
    void meet();
    void converse(bytes_view input);
    void flush();
    void judge();
    void say_farewell();
    void leave_hub();
    void wait();
    void wait_on_socket(net::tcp_socket::wait_type what, bool& waiting);
    void post_turn();
    void set_timer();
    void expired(steady_time now) override;

    bool may_read() const { return !engine_ || (engine_->output_size() < output_limit && !peer_->congested()); }
    bool is_open() const { return stream_ != nullptr; }

    const connection_home& home_;
    std::unique_ptr<net::stream> stream_;   ///< none: it is over
    std::optional<amqp::connection> engine_; ///< while the handshake is done and the conversation is not over
    std::shared_ptr<hub::peer> peer_;        ///< as long as the engine
    std::string address_;
    std::optional<seats::seat> seat_;

    steady_time now_;            ///< of this turn
    steady_time deadline_;       ///< of the handshake, or of the time to linger; means nothing in between
    steady_time next_tick_;      ///< of the peer
    std::optional<steady_time> close_at_; ///< the hub stops

    net::io_state input_ = net::io_state::moved;  ///< of the last read. moved: there may be more
    net::io_state output_ = net::io_state::moved; ///< of the last write
    boost::system::error_code error_;             ///< why one of them has failed, or is over
    std::shared_ptr<connection_task> self_;       ///< from start() to end()
    bool waits_readable_ = false, waits_writable_ = false;
    bool turn_posted_ = false;
    bool crowded_ = false; ///< endpoints have stopped sending until there is room
    bool lingering_ = false;
};

using connection_list = intrusive::list<connection_task, intrusive::base_hook<connection_hook>, intrusive::constant_time_size<false>>;

} // namespace capstan::server
