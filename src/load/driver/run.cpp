#include <thread>
#include <utility>

#include "load/driver/plan.hpp"
#include "load/driver/process_usage.hpp"
#include "load/driver/worker.hpp"

namespace capstan::load {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t other_files = 64;
constexpr std::chrono::seconds longest_drain(5);
/// Set-up makes no progress for so long: it goes on without those that are missing.
constexpr std::chrono::seconds longest_standstill(15);

double seconds_since(clock::time_point then) { return std::chrono::duration<double>(clock::now() - then).count(); }

/// The threads, and what they have come to.
class crew {
public:
    crew(const plan& what, const std::function<void(const progress&)>& show, const std::atomic<bool>& stop)
        : plan_(what), show_(show), stop_(stop), server_(look_up(what.host, what.port)) {
        for (unsigned index = 0; index < what.threads; ++index)
            workers_.push_back(std::make_unique<worker>(what, index, server_));
        for (auto& one : workers_)
            one->start();
    }
    ~crew() { finish(); }

    /// What the threads have counted may be read then.
    void finish() {
        enter(phase::closing);
        for (auto& one : workers_)
            one->join();
    }

    void enter(phase next) {
        phase_ = next;
        began_ = clock::now();
        for (auto& one : workers_)
            one->enter(next);
    }
    /// Until `over` says so of the sum of what the threads say, or somebody wants it to stop.
    template<class Over> void wait(Over&& over) {
        auto next_show = clock::now();
        for (;;) {
            const auto now = look();
            if (over(now) || stop_)
                return;
            if (clock::now() >= next_show) {
                show_({phase_ == phase::measuring, seconds_since(began_), now.ready, now.failed, plan_.connections.size(), now.messages});
                next_show = clock::now() + milliseconds(1000);
            }
            std::this_thread::sleep_for(milliseconds(10));
        }
    }
    worker::view look() const {
        worker::view sum{.done = true, .settled = true};
        for (const auto& one : workers_) {
            const auto part = one->look();
            sum.ready += part.ready, sum.failed += part.failed, sum.messages += part.messages;
            sum.last_ready = std::max(sum.last_ready, part.last_ready);
            sum.done = sum.done && part.done, sum.settled = sum.settled && part.settled;
        }
        return sum;
    }
    const std::vector<std::unique_ptr<worker>>& workers() const { return workers_; }
    double seconds() const { return seconds_since(began_); }

private:
    const plan& plan_;
    const std::function<void(const progress&)>& show_;
    const std::atomic<bool>& stop_;
    const endpoint server_;
    std::vector<std::unique_ptr<worker>> workers_;
    phase phase_ = phase::connecting;
    clock::time_point began_ = clock::now();
};

void set_up(crew& all, const plan& what, result& found) {
    const auto began = clock::now();
    auto progressed = began;
    std::size_t ready = 0;
    all.wait([&](const worker::view& now) {
        if (std::exchange(ready, now.ready) != now.ready)
            progressed = clock::now();
        return now.ready + now.failed >= what.connections.size() || clock::now() - progressed > longest_standstill;
    });
    const auto last = all.look().last_ready;
    const auto took = std::chrono::nanoseconds(last) - began.time_since_epoch();
    found.set_up_seconds = last == 0 ? 0 : std::chrono::duration<double>(took).count();
    found.connections = ready;
}

void measure(crew& all, const plan& what, result& found) {
    const auto own = own_usage(), server = usage_of(what.pids);
    all.enter(phase::measuring);
    const auto limit = std::chrono::duration<double>(what.duration).count();
    const bool sends = what.how != pace::still;
    std::this_thread::sleep_for(milliseconds(25)); // what the threads say is of this phase
    all.wait([&](const worker::view& now) {
        if (what.count > 0 && (sends ? now.done : now.messages >= what.count))
            return true;
        if (now.ready == 0 && !what.reconnect) // nothing more will come of it
            return true;
        return limit > 0 && all.seconds() >= limit;
    });
    const auto server_after = usage_of(what.pids);
    found.own_cpu_seconds = own_usage().cpu_seconds - own.cpu_seconds;
    found.server_cpu_seconds = server_after.cpu_seconds - server.cpu_seconds;
    found.server_rss = server_after.resident_bytes;
}

void gather(const crew& all, result& found) {
    std::int64_t began = INT64_MAX, ended = 0;
    for (const auto& one : all.workers()) {
        found.counts.add(one->counts());
        began = std::min(began, one->began());
        ended = std::max(ended, one->ended());
    }
    found.seconds = static_cast<double>(ended - began) / 1e9;
}

} // namespace

result run(const plan& what, const std::function<void(const progress&)>& show, const std::atomic<bool>& stop) {
    allow_open_files(what.connections.size() + other_files);
    result found;
    const auto server = usage_of(what.pids);
    const auto own = own_usage();
    found.server_rss_before = server.resident_bytes;
    crew all(what, show, stop);
    if (!what.reconnect)
        set_up(all, what, found);
    found.set_up_server_cpu_seconds = usage_of(what.pids).cpu_seconds - server.cpu_seconds;
    found.set_up_own_cpu_seconds = own_usage().cpu_seconds - own.cpu_seconds;
    if (what.warm_up.count() > 0) {
        all.enter(phase::warm_up);
        all.wait([&](const worker::view&) { return all.seconds() >= std::chrono::duration<double>(what.warm_up).count(); });
    }
    measure(all, what, found);
    all.enter(phase::draining);
    std::this_thread::sleep_for(milliseconds(25));
    all.wait([&](const worker::view& now) { return now.settled || all.seconds() >= std::chrono::duration<double>(longest_drain).count(); });
    all.finish();
    gather(all, found);
    return found;
}

} // namespace capstan::load
