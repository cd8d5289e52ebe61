#pragma once
// Why a committer takes no writes, for all threads to see, and when it looks again.

#include <atomic>

#include "store/commit_queue.hpp"
#include "store/disk_space.hpp"
#include "store/store.hpp"

namespace capstan::store {

/// get() is thread-safe, the rest is the committer's thread's.
class commit_trouble {
public:
    using clock = std::chrono::steady_clock;

    explicit commit_trouble(std::chrono::milliseconds retry_when_full) : retry_when_full_(retry_when_full) {}

    std::optional<failure> get() const {
        const std::lock_guard lock(mutex_);
        return trouble_;
    }
    /// None: it is over. A full disk is looked at again after retry_when_full.
    void set(std::optional<failure> trouble) {
        look_later();
        const std::lock_guard lock(mutex_);
        trouble_ = std::move(trouble);
    }

    bool is_full() const {
        const std::optional<failure> stuck = get();
        return stuck && stuck->code == errc::full;
    }
    bool may_be_over() const { return is_full() && is_time_to_look(); }
    clock::time_point next_look() const { return next_look_; }
    bool is_time_to_look() const { return clock::now() >= next_look_; }
    void look_later() { next_look_ = clock::now() + retry_when_full_; }

    /// Gives back what may be written. What takes space is refused below the reserve; what gives some back goes through.
    template<class Request>
    std::vector<std::unique_ptr<Request>> refuse_when_low(std::vector<std::unique_ptr<Request>> waiting,
                                                          const std::filesystem::path& folder, std::uint64_t reserve) {
        if (!disk_is_low(folder, reserve))
            return waiting;
        const auto refused = std::stable_partition(waiting.begin(), waiting.end(), [](const auto& each) { return each->size() == 0; });
        if (refused == waiting.end())
            return waiting;
        const failure low{errc::full, "the disk is full, but for a reserve"};
        if (!get())
            set(low);
        answer_all(std::vector(std::make_move_iterator(refused), std::make_move_iterator(waiting.end())), low);
        waiting.erase(refused, waiting.end());
        return waiting;
    }

private:
    const std::chrono::milliseconds retry_when_full_;
    clock::time_point next_look_{};
    mutable std::mutex mutex_; ///< guards trouble_
    std::optional<failure> trouble_;
};

/// What a committer has done. Counted by its thread, read by all.
class commit_counter {
public:
    void add_round(commit_trouble::clock::time_point begun) {
        ++rounds_;
        const auto took = commit_trouble::clock::now() - begun;
        microseconds_ += static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
    }
    void add_requests(std::size_t count) { requests_ += count; }
    commit_counts counts() const { return {rounds_.load(), requests_.load(), std::chrono::microseconds(microseconds_.load())}; }

private:
    std::atomic<std::uint64_t> rounds_{0}, requests_{0}, microseconds_{0};
};

} // namespace capstan::store
