#pragma once
// What waits for a group commit: requests from all threads, for one thread that gathers them into rounds.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "store/reply.hpp"

namespace capstan::store {

/// Something that is to be written, and who waits for it.
class commit_request {
public:
    commit_request(run_queue& home, std::size_t size) : home_(home), size_(size) {}
    virtual ~commit_request() = default;

    run_queue& home() const { return home_; }
    /// In bytes, roughly: for the bounds. 0 says that it takes no space, or gives some back: it is let through when the disk is low.
    std::size_t size() const { return size_; }

    /// Runs on home(): calls the completion. `why_not`: nothing of the round was written; null: all of it is durable.
    virtual void answer(const failure* why_not) = 0;

private:
    run_queue& home_;
    std::size_t size_;
};

// What one round may hold. A larger one saves no more: a sync costs little beside the writing then, and what is gathered, written and
// kept leaves the processor's caches before the next looks at it. At some 200 MB/s a round, which every later request waits for, takes
// under 10 ms.
inline constexpr std::size_t round_size_max = 1024 * 1024;

/// One post for each run queue, however many requests: a task costs more than an answer does.
template<class Request> void answer_all(std::vector<std::unique_ptr<Request>> answered, std::optional<failure> why_not) {
    std::map<run_queue*, std::vector<std::unique_ptr<Request>>> by_home;
    for (auto& request : answered)
        by_home[&request->home()].push_back(std::move(request));
    for (auto& [home, of_home] : by_home)
        home->post([here = std::move(of_home), why_not] {
            for (const auto& request : here)
                request->answer(why_not ? &*why_not : nullptr);
        });
}

template<class Request> class commit_queue {
public:
    using requests = std::vector<std::unique_ptr<Request>>;
    using time_point = std::chrono::steady_clock::time_point;

    /// Thread-safe. Taken in this order. A request that cannot wait here is answered.
    void submit(std::unique_ptr<Request> request) {
        std::optional<failure> refused = enqueue(request);
        if (!refused)
            return wake_.notify_one();
        requests alone;
        alone.push_back(std::move(request));
        answer_all(std::move(alone), std::move(refused));
    }

    /// Blocks until there is something for a round, which is taken; nothing means that the queue has been stopped and is empty.
    /// None: nobody has come until then.
    std::optional<requests> take(std::optional<time_point> until) {
        std::unique_lock lock(mutex_);
        const auto awake = [this] { return stopping_ || !queue_.empty(); };
        if (!until)
            wake_.wait(lock, awake);
        else if (!wake_.wait_until(lock, *until, awake))
            return std::nullopt;
        requests taken;
        std::size_t size = 0;
        while (!queue_.empty() && (taken.empty() || size + queue_.front()->size() <= round_size_max)) {
            size += queue_.front()->size();
            taken.push_back(std::move(queue_.front()));
            queue_.pop_front();
        }
        size_ -= size;
        return taken;
    }

    /// Thread-safe. What is submitted later is answered with errc::closed.
    void stop() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
    }

private:
    // What may wait. The hub bounds what is in flight by link credit, well below this; the bound here is the last line against
    // running out of memory when the disk stands still. The count covers requests without bytes: one for each of 100,000 devices.
    static constexpr std::size_t size_max = 128 * 1024 * 1024;
    static constexpr std::size_t length_max = 256 * 1024;

    /// Takes the request, or says why not and leaves it alone.
    std::optional<failure> enqueue(std::unique_ptr<Request>& request) {
        const std::lock_guard lock(mutex_);
        if (stopping_)
            return store_is_closed();
        if (queue_.size() >= length_max || size_ + request->size() > size_max)
            return failure{errc::busy, "too many writes wait for the disk"};
        size_ += request->size();
        queue_.push_back(std::move(request));
        return std::nullopt;
    }

    std::mutex mutex_; ///< guards what follows
    std::condition_variable wake_;
    std::deque<std::unique_ptr<Request>> queue_;
    std::size_t size_ = 0;
    bool stopping_ = false;
};

} // namespace capstan::store
