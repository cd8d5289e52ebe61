#pragma once
// The threads on which all connections live: one loop each, nothing shared between them but what is posted.

#include <array>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/run_queue.hpp"
#include "server/timer_wheel.hpp"

namespace capstan::server {

/// All but post() is for its own thread, or for before it starts.
class io_thread final : public run_queue {
public:
    io_thread();

    void post(task work) override;

    boost::asio::io_context& context() { return context_; }

    /// Where input is read into during a turn; a connection keeps nothing there beyond it. One TLS record is 16 KiB at most.
    std::span<std::uint8_t> input_buffer() { return input_; }

    void schedule(timer& what, steady_time due);

    /// The one place where connections learn the time; asked once a turn.
    static steady_time now() { return std::chrono::steady_clock::now(); }

private:
    friend class io_threads;
    void start(std::function<void()> each_second);
    void let_go();
    void keep_time();
    void run_tasks();

    boost::asio::io_context context_{1}; ///< run by one thread
    std::mutex mutex_;                   ///< guards posted_
    std::vector<task> posted_, running_; ///< go before the context does, whose sockets they may hold
    std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
    boost::asio::steady_timer clock_; ///< ticks only as often as something needs it
    timer_wheel wheel_;
    std::function<void()> each_second_;
    steady_time next_second_{};
    bool ticking_ = false; ///< the clock is set to the wheel's next tick, not only to the next second
    std::array<std::uint8_t, 64 * 1024> input_;
    std::thread thread_;
    std::promise<void> ended_;
};

class io_threads {
public:
    /// 0: one per core.
    explicit io_threads(std::size_t count);
    /// Stops without waiting for what is posted.
    ~io_threads();

    std::size_t size() const { return threads_.size(); }
    io_thread& operator[](std::size_t index) { return *threads_[index]; }
    std::vector<run_queue*> queues() const;

    /// `each_second` is called about once a second on each thread, with its index.
    void start(std::function<void(std::size_t)> each_second);

    /// Ends the threads once they have nothing left to do, at `until` all the same. What uses the queues (sockets, stores) has been
    /// closed before. Nothing is posted to any of them afterwards.
    void stop(steady_time until);

private:
    void join();
    void run_leftovers();

    std::vector<std::unique_ptr<io_thread>> threads_;
};

} // namespace capstan::server
