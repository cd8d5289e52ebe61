#include "server/connection_task.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>

namespace capstan::server {

using net::io_state;

connection_task::connection_task(const connection_home& home, std::unique_ptr<net::stream> stream, std::string address, seats::seat seat)
    : home_(home), stream_(std::move(stream)), address_(std::move(address)), seat_(std::move(seat)), now_(io_thread::now()),
      deadline_(now_ + handshake_time_out), next_tick_(now_) {}

void connection_task::start() {
    self_ = shared_from_this();
    set_timer();
    turn();
}

// --- a turn: everything that a connection ever does

/// Comes when the socket is ready, when the peer was given something to send (wake), and when a time has come.
void connection_task::turn() {
    const auto self = shared_from_this(); // it may end in its turn
    if (!is_open())
        return;
    now_ = io_thread::now();
    try {
        take_turn();
    } catch (const std::exception& error) { // of one connection; the others must not fall with it
        spdlog::error("connection of {} ended by an internal error: {}", address_, error.what());
        end("internal error");
    }
}

void connection_task::take_turn() {
    const auto input = read();
    if (!engine_ && !lingering_ && stream_->established())
        meet();
    if (engine_) {
        converse(input);
        flush();
    }
    judge();
    if (is_open())
        wait();
}

/// Fills the thread's buffer with what has come; the handshake and whatever is sent to us after the end are consumed by it too.
bytes_view connection_task::read() {
    const auto buffer = home_.thread.input_buffer();
    std::size_t filled = 0;
    while (input_ == io_state::moved && filled < buffer.size() && may_read()) {
        const auto did = stream_->read_some(buffer.subspan(filled));
        filled += note(input_, did);
        if (did.drained)
            input_ = io_state::wait_readable;
    }
    return buffer.first(filled);
}

/// How many bytes it was.
std::size_t connection_task::note(io_state& state, const net::io_result& did) {
    state = did.state;
    if (did.error)
        error_ = did.error;
    return did.count;
}

/// The handshake is done: from here on there are an engine and, for the hub, a peer.
void connection_task::meet() {
    engine_.emplace(amqp::side::server, home_.engine_settings, now_);
    auto wake = [weak = weak_from_this()] {
        if (const auto self = weak.lock())
            self->post_turn();
    };
    peer_ = hub::peer::create(home_.hub, home_.index, *engine_, {address_, stream_->peer_certificate()}, std::move(wake), now_);
    if (close_at_)
        peer_->quiesce();
    spdlog::debug("{} connected", address_);
}

void connection_task::converse(bytes_view input) {
    engine_->receive(input, now_);
    engine_->tick(now_);
    while (const auto event = engine_->next_event())
        peer_->handle(*event);
    if (now_ >= next_tick_) {
        next_tick_ = now_ + std::chrono::seconds(1);
        peer_->tick(now_);
    }
    if (close_at_ && (peer_->unanswered() == 0 || now_ >= *close_at_)) {
        peer_->say_goodbye();
        while (const auto event = engine_->next_event())
            peer_->handle(*event);
    }
}

/// Writes what the engine has to say, until that is all, the socket takes no more, or it is the others' turn.
void connection_task::flush() {
    output_ = io_state::moved;
    for (int writes = 0; writes < max_writes_per_turn && output_ == io_state::moved; ++writes) {
        const auto full = [this] { return engine_->output_size() >= hub::peer::output_high_water; };
        if (crowded_ && !full())
            peer_->writable();
        crowded_ = full(); // as it may be again: what follows takes it below without a further look
        const auto next = engine_->output();
        if (next.empty())
            return;
        const auto count =
            note(output_, stream_->write_some(next)); // one write for one span: the engine ends it where the network's must end
        if (output_ == io_state::moved)
            engine_->sent(count);
    }
}

/// Is it over?
void connection_task::judge() {
    if (input_ == io_state::failed || output_ == io_state::failed) {
        if (!engine_ && !lingering_)
            spdlog::info("TLS handshake with {} failed: {}", address_, error_.message());
        return end(error_.message());
    }
    if (input_ == io_state::closed)
        return end("closed by the peer");
    if (input_ == io_state::over) {
        if (error_ != boost::asio::error::eof)
            spdlog::info("{} is disconnected: {}", address_, error_.message());
        input_ = io_state::moved;
        return say_farewell();
    }
    if (engine_ && engine_->finished())
        say_farewell();
}

/// Both sides have closed, or have nothing more to say to each other. What still comes is read until the peer ends.
void connection_task::say_farewell() {
    leave_hub();
    stream_->finish();
    lingering_ = true;
    deadline_ = now_ + linger_time_out;
}

void connection_task::leave_hub() {
    if (!peer_)
        return;
    std::exchange(peer_, nullptr)->disconnected();
    engine_.reset();
}

// --- between turns

void connection_task::wait() {
    const bool more_input = input_ == io_state::moved && may_read();
    const bool more_output = engine_ && engine_->output_size() > 0 && output_ == io_state::moved;
    if (more_input || more_output)
        post_turn();
    if (input_ == io_state::wait_readable)
        wait_on_socket(net::tcp_socket::wait_read, waits_readable_);
    if (input_ == io_state::wait_writable || output_ == io_state::wait_writable)
        wait_on_socket(net::tcp_socket::wait_write, waits_writable_);
    set_timer();
}

void connection_task::wait_on_socket(net::tcp_socket::wait_type what, bool& waiting) {
    if (std::exchange(waiting, true))
        return;
    stream_->socket().async_wait(what, [self = shared_from_this(), &waiting](const boost::system::error_code& cancelled) {
        waiting = false;
        if (cancelled)
            return;
        if (self->input_ == io_state::wait_readable || self->input_ == io_state::wait_writable)
            self->input_ = io_state::moved;
        self->turn();
    });
}

/// At the end of what the thread is doing now; once, however often it is asked for.
void connection_task::post_turn() {
    if (std::exchange(turn_posted_, true))
        return;
    home_.thread.post([self = shared_from_this()] {
        self->turn_posted_ = false;
        self->turn();
    });
}

void connection_task::set_timer() {
    auto due = deadline_;
    if (engine_) {
        due = std::min(next_tick_, engine_->next_deadline().value_or(next_tick_));
        if (!may_read()) // it may be others' bytes that are in flight: nobody says when they have landed
            due = std::min(due, now_ + timer_wheel::resolution);
        if (close_at_ && now_ < *close_at_)
            due = std::min(due, *close_at_);
    }
    if (!scheduled() || due < timer::due()) // one that is set too early finds nothing to do, and is set anew
        home_.thread.schedule(*this, due);
}

void connection_task::expired(steady_time now) {
    const auto self = shared_from_this();
    if (!engine_ && now >= deadline_)
        end(lingering_ ? "the peer did not close" : "no TLS handshake in time");
    else
        turn();
}

// --- the end

void connection_task::stop(steady_time close_at) {
    if (!is_open())
        return;
    if (!engine_ || !engine_->is_open())
        return end("the hub is stopping");
    close_at_ = close_at;
    peer_->quiesce();
    post_turn();
}

void connection_task::end(std::string_view why) {
    if (!is_open())
        return;
    spdlog::debug("{} disconnected: {}", address_, why);
    leave_hub();
    timer::cancel();
    connection_hook::unlink();
    boost::system::error_code ignored;
    stream_->socket().close(ignored); // ends the waits
    stream_.reset();
    seat_.reset();
    self_.reset(); // who called has a reference too
}

} // namespace capstan::server
