// worker: its connections.
#include <sys/epoll.h>

#include "load/driver/worker.hpp"

namespace capstan::load {
namespace {

/// Of one connection, before the others have their turn.
constexpr int reads_at_once = 4;

} // namespace

void worker::connect_more(std::int64_t now) {
    while (next_to_connect_ < peers_.size() && under_way_ < plan_.at_once && phase_ != phase::closing)
        connect(peers_[next_to_connect_++], now);
    for (auto* one : std::exchange(reconnecting_, {}))
        connect(*one, now);
}

void worker::connect(peer& one, std::int64_t now) {
    ++under_way_;
    one.down = one.was_ready = one.wants_write = false;
    one.unsent.clear(), one.unparsed.clear(), one.sent = 0;
    one.began = now;
    one.amqp.emplace(plan_.with, plan_.connections[one.number], counts_, left_);
    const unsigned source = plan_.source_addresses == 0 ? 0 : 1 + static_cast<unsigned>(one.number % plan_.source_addresses);
    if (const auto problem = one.socket.connect(server_, source, tls_ ? &*tls_ : nullptr); !problem.empty())
        return lose(one, problem);
    one.amqp->start(one.unsent, now);
    one.wants_write = true;
    epoll_event wanted{EPOLLIN | EPOLLOUT, {.ptr = &one}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, one.socket.descriptor(), &wanted);
}

void worker::on_event(peer& one, std::uint32_t events, std::int64_t now) {
    if (one.down)
        return;
    output_.clear();
    // TLS may wait for bytes to be able to write.
    if ((events & EPOLLOUT || !one.socket.established()) && !flush(one))
        return lose(one, one.socket.problem());
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !read(one, now))
        return;
    serve(one, now);
}

/// Says whether the connection still is.
bool worker::read(peer& one, std::int64_t now) {
    for (int turn = 0; turn < reads_at_once; ++turn) {
        const auto kept = one.unparsed.size();
        std::ranges::copy(one.unparsed, input_.begin());
        const auto got = one.socket.read(std::span(input_).subspan(kept));
        if (got.state == io_state::would_block)
            return true;
        if (got.state == io_state::closed) {
            lose(one, one.socket.problem());
            return false;
        }
        const auto whole = std::span(input_).first(kept + got.count);
        const auto taken = one.amqp->receive(whole, output_, now);
        one.unparsed.assign(whole.begin() + static_cast<std::ptrdiff_t>(taken), whole.end());
        if (one.amqp->over()) {
            write(one);
            lose(one, one.amqp->problem());
            return false;
        }
        if (!one.socket.encrypted() && whole.size() < input_.size())
            return true;
    }
    queue(one); // bytes that OpenSSL holds wake nobody
    return true;
}

/// Answers what was received, and sends what may be sent.
void worker::serve(peer& one, std::int64_t now) {
    if (!one.was_ready && one.amqp->ready())
        on_ready(one, now);
    if (phase_ == phase::closing || (one.was_ready && plan_.reconnect))
        one.amqp->close(output_);
    const bool free = one.unsent.empty();
    const bool more = free && sending() && one.amqp->fill(output_, now, plan_.how);
    write(one);
    if (more && one.unsent.empty() && !one.down)
        queue(one);
}

void worker::on_ready(peer& one, std::int64_t now) {
    one.was_ready = true;
    --under_way_, ++ready_;
    ++counts_.set_up;
    counts_.resumed += one.socket.resumed();
    counts_.set_up_latency.record(now - one.began);
    last_ready_ = now;
}

/// Of `output_`, what the socket takes; the rest is kept.
void worker::write(peer& one) {
    if (output_.empty() || one.down)
        return;
    std::size_t written = 0;
    while (one.unsent.empty() && written < output_.size()) {
        const auto put = one.socket.write(bytes_view(output_).subspan(written));
        if (put.state == io_state::closed)
            return lose(one, one.socket.problem());
        if (put.state == io_state::would_block)
            break;
        written += put.count;
    }
    one.unsent.insert(one.unsent.end(), output_.begin() + static_cast<std::ptrdiff_t>(written), output_.end());
    output_.clear();
    want_write(one, !one.unsent.empty());
}

bool worker::flush(peer& one) {
    while (one.sent < one.unsent.size()) {
        const auto put = one.socket.write(bytes_view(one.unsent).subspan(one.sent));
        if (put.state == io_state::closed)
            return false;
        if (put.state == io_state::would_block)
            break;
        one.sent += put.count;
    }
    if (one.sent == one.unsent.size())
        bytes().swap(one.unsent), one.sent = 0; // an idle connection holds no memory
    // While TLS shakes hands the socket is writable all the time, and that is not what is waited for.
    want_write(one, !one.unsent.empty() && (one.socket.established() || !one.socket.encrypted()));
    return true;
}

void worker::want_write(peer& one, bool wanted) {
    if (std::exchange(one.wants_write, wanted) == wanted)
        return;
    epoll_event now_wanted{wanted ? EPOLLIN | EPOLLOUT : EPOLLIN + 0u, {.ptr = &one}};
    epoll_ctl(epoll_, EPOLL_CTL_MOD, one.socket.descriptor(), &now_wanted);
}

void worker::lose(peer& one, const std::string& why) {
    one.amqp->lost(why);
    one.was_ready ? --ready_ : --under_way_;
    one.socket.close();
    one.down = true;
    if (!plan_.reconnect || phase_ == phase::closing)
        return;
    // Not from here, where somebody may still work with it; and what failed does not try again at once.
    (one.was_ready ? reconnecting_ : to_reconnect_).push_back(&one);
}

void worker::queue(peer& one) {
    if (!std::exchange(one.queued, true))
        queued_.push_back(&one);
}

void worker::serve_queued(std::int64_t now) {
    serving_.swap(queued_);
    for (auto* one : serving_) {
        one->queued = false;
        if (!one->amqp || one->down)
            continue;
        output_.clear();
        if (!one->socket.encrypted() || read(*one, now))
            serve(*one, now);
    }
    serving_.clear();
}

} // namespace capstan::load
