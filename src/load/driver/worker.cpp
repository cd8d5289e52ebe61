#include "load/driver/worker.hpp"

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace capstan::load {
namespace {

using std::chrono::nanoseconds;

std::int64_t now_ns() { return nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count(); }

constexpr std::int64_t millisecond = 1'000'000;
constexpr std::int64_t longest_wait = 20 * millisecond; ///< a phase is entered no later
constexpr std::int64_t between_heartbeats = 1000 * millisecond;
constexpr nanoseconds tick(100'000); ///< of the schedule: no more often does a thread wake for it
constexpr int events_at_once = 256;

} // namespace

worker::worker(const plan& what, unsigned index, const endpoint& server)
    : plan_(what), index_(index), server_(server), epoll_(epoll_create1(EPOLL_CLOEXEC)), input_(256 * 1024),
      left_(what.count == 0 ? UINT64_MAX : what.count / what.threads + (index < what.count % what.threads ? 1 : 0)) {
    if (what.tls)
        tls_.emplace(what.tls_name, what.ca, what.resume);
    for (std::size_t number = index; number < what.connections.size(); number += what.threads)
        peers_.emplace_back().number = number;
    output_.reserve(512 * 1024);
}

worker::~worker() { ::close(epoll_); }

void worker::start() {
    thread_ = std::thread([this] { run(); });
}

worker::view worker::look() const {
    const std::scoped_lock lock(mutex_);
    return view_;
}

void worker::run() {
    prctl(PR_SET_TIMERSLACK, 1UL); // otherwise each wait is 50 µs too long
    for (auto now = now_ns();; now = now_ns()) {
        if (const auto next = wanted_.load(std::memory_order_relaxed); next != phase_)
            enter_phase(next, now);
        if (phase_ == phase::closing && (ready_ == 0 || now > ended_ + 1000 * millisecond))
            break;
        connect_more(now);
        if (schedule_ && sending())
            dispatch(now);
        serve_queued(now);
        housekeep(now);
        wait(now);
    }
    for (auto& one : peers_)
        one.socket.close();
}

void worker::wait(std::int64_t now) {
    epoll_event events[events_at_once];
    const auto time = std::max<std::int64_t>(0, wake_time(now) - now);
    const timespec limit{time / 1'000'000'000, time % 1'000'000'000};
    int count = epoll_pwait2(epoll_, events, events_at_once, &limit, nullptr);
    if (count < 0 && errno == ENOSYS) // Linux before 5.11, and valgrind: whole milliseconds
        count = epoll_wait(epoll_, events, events_at_once, static_cast<int>(time / millisecond));
    const auto woken = now_ns();
    for (int i = 0; i < count; ++i)
        on_event(*static_cast<peer*>(events[i].data.ptr), events[i].events, woken);
}

std::int64_t worker::wake_time(std::int64_t now) const {
    if (!queued_.empty())
        return now;
    auto wake = now + longest_wait;
    if (schedule_ && sending() && !senders_.empty())
        wake = std::min(wake, nanoseconds(schedule_->time_of(dispatched_).time_since_epoch()).count());
    return wake;
}

// --- phases

void worker::enter_phase(phase next, std::int64_t now) {
    const auto last = std::exchange(phase_, next);
    if (last == phase::measuring)
        end_measuring(now);
    if (last == phase::connecting && sending())
        begin_schedule(now);
    if (phase_ == phase::measuring)
        begin_measuring(now);
    if (phase_ == phase::closing)
        ended_ = std::max(ended_, now);
    if (sending() || phase_ == phase::closing)
        for (auto& one : peers_)
            queue(one);
    next_publication_ = 0;
}

void worker::begin_measuring(std::int64_t now) {
    auto before = std::exchange(counts_, tally());
    counts_.failed = before.failed;
    counts_.problem = std::move(before.problem);
    if (!plan_.reconnect) { // they were made before
        counts_.set_up = before.set_up, counts_.resumed = before.resumed;
        counts_.set_up_latency = before.set_up_latency;
    }
    began_ = now;
}

void worker::end_measuring(std::int64_t now) {
    if (std::exchange(measured_is_set_, true))
        return;
    measured_ = counts_;
    ended_ = now;
}

void worker::begin_schedule(std::int64_t now) {
    if (plan_.how != pace::scheduled)
        return;
    for (auto& one : peers_)
        for (std::size_t i = 0; one.amqp && i < one.amqp->senders(); ++i)
            senders_.push_back({&one, i});
    // Each thread has its share of the rate; their ticks do not fall together.
    schedule_.emplace(plan_.rate / plan_.threads, tick);
    schedule_->start(steady_time(nanoseconds(now) + tick * index_ / plan_.threads));
}

void worker::dispatch(std::int64_t now) {
    if (senders_.empty())
        return;
    const auto due = schedule_->due(steady_time(nanoseconds(now)));
    for (; dispatched_ < due; ++dispatched_) {
        const auto& [of, sender] = senders_[dispatched_ % senders_.size()];
        if (!of->amqp || of->down)
            continue;
        of->amqp->owe(sender, nanoseconds(schedule_->time_of(dispatched_).time_since_epoch()).count());
        queue(*of);
    }
}

void worker::housekeep(std::int64_t now) {
    if (now >= next_publication_)
        publish(now);
    if (now < next_housekeeping_)
        return;
    next_housekeeping_ = now + 100 * millisecond;
    for (auto* one : std::exchange(to_reconnect_, {}))
        connect(*one, now);
    if (now < next_heartbeats_)
        return;
    next_heartbeats_ = now + between_heartbeats;
    for (auto& one : peers_) {
        if (!one.amqp || one.down || !one.unsent.empty())
            continue;
        output_.clear();
        one.amqp->tick(output_, now);
        write(one);
    }
}

std::uint64_t worker::settled_messages() const {
    return plan_.with.settled ? counts_.sent : counts_.accepted + counts_.rejected + counts_.released;
}

void worker::publish(std::int64_t now) {
    next_publication_ = now + 10 * millisecond;
    const bool settled = settled_messages() >= counts_.sent;
    const bool done = left_ == 0 && settled;
    if (done && phase_ == phase::measuring) // no later than this
        end_measuring(now);
    const std::scoped_lock lock(mutex_);
    view_.ready = ready_, view_.failed = counts_.failed, view_.last_ready = last_ready_;
    view_.messages = plan_.reconnect ? counts_.set_up : (plan_.with.settled ? counts_.sent : counts_.accepted) + counts_.received;
    view_.done = done;
    view_.settled = settled || phase_ == phase::connecting;
}

} // namespace capstan::load
