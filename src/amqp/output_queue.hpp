#pragma once
// What waits to be written, and where one write must end.

#include <algorithm>
#include <utility>

#include <capstan/amqp/types.hpp>

namespace capstan::amqp {

class output_queue {
public:
    /// Frames are written at the end of this.
    bytes& tail() {
        if (pending_.capacity() == 0)
            pending_.swap(spare());
        return pending_;
    }
    bool empty() const { return sent_ == pending_.size(); }
    std::size_t size() const { return pending_.size() - sent_; }

    /// What was written so far and what comes later shall not go out in one write.
    void end_write() {
        if (!empty())
            breaks_.push_back(pending_.size());
    }
    bytes_view next() const {
        const auto end = breaks_.empty() ? pending_.size() : breaks_.front();
        return bytes_view(pending_).subspan(sent_, end - sent_);
    }
    void sent(std::size_t count) {
        sent_ += count;
        while (!breaks_.empty() && breaks_.front() <= sent_)
            breaks_.erase(breaks_.begin());
        if (sent_ == pending_.size())
            reset();
        else if (sent_ > half_full && sent_ * 2 > pending_.size())
            compact();
    }
    void clear() {
        breaks_.clear();
        reset();
    }
    /// A peer that reads slowly shall not hold much more memory than what waits for it.
    void fit() {
        if (pending_.capacity() < small || pending_.size() > pending_.capacity() / 8)
            return;
        bytes fitting(pending_.begin(), pending_.end());
        pending_.swap(fitting);
        keep(std::move(fitting));
    }

private:
    static constexpr std::size_t half_full = 64 * 1024; ///< moving less than this is not worth its while

    static constexpr std::size_t small = 4 * 1024;
    static constexpr std::size_t spare_max = 1024 * 1024;

    /// What one queue of the thread has done with is for the next: an idle connection holds no buffer, and a busy one does not let its
    /// own grow anew, from nothing, with each turn.
    static bytes& spare() {
        static thread_local bytes kept;
        return kept;
    }
    static void keep(bytes&& done) {
        done.clear();
        if (done.capacity() > spare().capacity() && done.capacity() <= spare_max)
            done.swap(spare());
    }
    void reset() {
        sent_ = 0;
        keep(std::exchange(pending_, {}));
    }
    void compact() {
        pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(sent_));
        for (auto& mark : breaks_)
            mark -= sent_;
        sent_ = 0;
    }

    bytes pending_;
    std::size_t sent_ = 0;
    std::vector<std::size_t> breaks_;
};

} // namespace capstan::amqp
