#pragma once
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

#include "base/clock.hpp"

namespace capstan::server {

/// How many connections there are and at most may be, over all threads. Thread-safe; outlives its seats.
class seats {
public:
    /// Of one connection; given back when it is destroyed.
    class seat {
    public:
        explicit seat(seats& of) : of_(&of) {}
        seat(seat&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
        seat& operator=(seat&&) = delete;
        ~seat() {
            if (of_)
                of_->give_back();
        }

    private:
        seats* of_;
    };

    explicit seats(std::size_t limit) : limit_(limit) {}

    /// None when all are taken.
    std::optional<seat> take() {
        const std::scoped_lock lock(mutex_);
        if (taken_ == limit_)
            return std::nullopt;
        ++taken_;
        return std::optional<seat>(std::in_place, *this);
    }

    std::size_t taken() const {
        const std::scoped_lock lock(mutex_);
        return taken_;
    }
    std::size_t limit() const { return limit_; }

    /// Blocks until all are free; false if they are not at `until`.
    bool wait_until_free(steady_time until) {
        std::unique_lock lock(mutex_);
        return freed_.wait_until(lock, until, [this] { return taken_ == 0; });
    }

private:
    void give_back() {
        const std::scoped_lock lock(mutex_);
        if (--taken_ == 0)
            freed_.notify_all();
    }

    const std::size_t limit_;
    mutable std::mutex mutex_; ///< taken when connections come and go, not while bytes move
    std::condition_variable freed_;
    std::size_t taken_ = 0;
};

} // namespace capstan::server
