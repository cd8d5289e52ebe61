#include "server/io_threads.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>

namespace capstan::server {

namespace asio = boost::asio;

/// Room for so many is kept from one turn to the next, 128 KiB; after a burst the rest is given back.
constexpr std::size_t tasks_kept_max = 4096;

// --- one thread

io_thread::io_thread() : work_(asio::make_work_guard(context_)), clock_(context_), wheel_(now()) {}

/// The loop hears of the first of those that wait only: it runs them together. A lock and a wake-up for each would cost more than
/// what most of them do.
void io_thread::post(task work) {
    bool alone = false;
    {
        const std::lock_guard lock(mutex_);
        alone = posted_.empty();
        posted_.push_back(std::move(work));
    }
    if (alone)
        asio::post(context_, [this] { run_tasks(); });
}

/// What these post has its turn after the sockets had theirs.
void io_thread::run_tasks() {
    {
        const std::lock_guard lock(mutex_);
        running_.swap(posted_);
    }
    for (task& each : running_)
        std::exchange(each, nullptr)();
    running_.clear();
    if (running_.capacity() > tasks_kept_max)
        running_.shrink_to_fit();
}

void io_thread::start(std::function<void()> each_second) {
    each_second_ = std::move(each_second);
    next_second_ = now() + std::chrono::seconds(1);
    keep_time();
    thread_ = std::thread([this] {
        context_.run();
        ended_.set_value();
    });
}

void io_thread::schedule(timer& what, steady_time due) {
    wheel_.schedule(what, due);
    if (!ticking_ && each_second_)
        keep_time();
}

/// Sets the clock to the next time at which there is something to do.
void io_thread::keep_time() {
    ticking_ = !wheel_.empty();
    const auto next_tick = now() + timer_wheel::resolution;
    clock_.expires_at(ticking_ ? std::min(next_tick, next_second_) : next_second_); // cancels the wait that was
    clock_.async_wait([this](const boost::system::error_code& cancelled) {
        if (cancelled || !each_second_)
            return;
        const auto time = now();
        wheel_.advance(time);
        if (time >= next_second_) {
            next_second_ = time + std::chrono::seconds(1);
            each_second_();
        }
        keep_time();
    });
}

/// From now on the thread ends when nothing is left to do.
void io_thread::let_go() {
    each_second_ = nullptr;
    clock_.cancel();
    work_.reset();
}

// --- all of them

io_threads::io_threads(std::size_t count) {
    if (count == 0)
        count = std::max(1u, std::thread::hardware_concurrency());
    for (std::size_t index = 0; index < count; ++index)
        threads_.push_back(std::make_unique<io_thread>());
}

io_threads::~io_threads() { join(); }

std::vector<run_queue*> io_threads::queues() const {
    std::vector<run_queue*> all;
    for (const auto& each : threads_)
        all.push_back(each.get());
    return all;
}

void io_threads::start(std::function<void(std::size_t)> each_second) {
    for (std::size_t index = 0; index < threads_.size(); ++index)
        threads_[index]->start([each_second, index] { each_second(index); });
}

void io_threads::stop(steady_time until) {
    for (const auto& each : threads_)
        each->post([thread = each.get()] { thread->let_go(); });
    for (const auto& each : threads_)
        if (each->thread_.joinable())
            each->ended_.get_future().wait_until(until);
    join();
    run_leftovers();
}

/// What one thread posted to another when that one had ended already: nobody else runs now, so this thread may.
void io_threads::run_leftovers() {
    constexpr int rounds = 100; // a task may post another, but not for ever
    std::size_t ran = 1;
    for (int round = 0; round < rounds && ran > 0; ++round) {
        ran = 0;
        for (const auto& each : threads_) {
            each->context_.restart();
            ran += each->context_.poll();
        }
    }
}

void io_threads::join() {
    for (const auto& each : threads_)
        each->context_.stop();
    for (const auto& each : threads_)
        if (each->thread_.joinable())
            each->thread_.join();
}

} // namespace capstan::server
