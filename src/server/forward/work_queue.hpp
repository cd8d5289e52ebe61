#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "base/run_queue.hpp"

namespace capstan::server {

/// A run queue for a thread that does other things between its tasks. What is in it was asked for by that thread: that is its bound.
class work_queue final : public run_queue {
public:
    void post(task work) override {
        {
            const std::lock_guard lock(mutex_);
            tasks_.push_back(std::move(work));
        }
        filled_.notify_one();
    }

    /// Runs what is there, after waiting for it for so long.
    void run(std::chrono::milliseconds patience) {
        std::unique_lock lock(mutex_);
        filled_.wait_for(lock, patience, [this] { return !tasks_.empty(); });
        while (!tasks_.empty()) {
            task next = std::move(tasks_.front());
            tasks_.pop_front();
            lock.unlock();
            next();
            lock.lock();
        }
    }

private:
    std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<task> tasks_;
};

} // namespace capstan::server
