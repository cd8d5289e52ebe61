#pragma once
// A run queue that the test drains by hand, on the test's own thread.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "base/run_queue.hpp"

namespace capstan::test {

class manual_run_queue final : public run_queue {
public:
    void post(task work) override {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(work));
        ++posted_;
        arrived_.notify_all();
    }

    /// Runs what is there, and what that posts. Gives back how many tasks ran.
    std::size_t drain() {
        std::size_t count = 0;
        for (task work = take(); work; work = take(), ++count)
            work();
        return count;
    }

    /// Runs tasks, those of other threads as they arrive, until `done()` holds. False when nothing arrives for 30 seconds: a
    /// test that hangs is to fail, and no machine is that slow.
    template<class Condition> bool run_until(Condition done) {
        while (!done()) {
            if (drain() > 0)
                continue;
            std::unique_lock lock(mutex_);
            if (!arrived_.wait_for(lock, std::chrono::seconds(30), [this] { return !tasks_.empty(); }))
                return false;
        }
        return true;
    }

    /// How many tasks were ever posted.
    std::size_t posted() const {
        const std::lock_guard lock(mutex_);
        return posted_;
    }

private:
    task take() {
        const std::lock_guard lock(mutex_);
        if (tasks_.empty())
            return {};
        task work = std::move(tasks_.front());
        tasks_.pop_front();
        return work;
    }

    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<task> tasks_;
    std::size_t posted_ = 0;
};

} // namespace capstan::test
