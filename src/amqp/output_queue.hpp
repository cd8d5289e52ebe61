#pragma once
// What waits to be written, and where one write must end.

#include <algorithm>

#include <capstan/amqp/types.hpp>

namespace capstan::amqp {

class output_queue {
public:
    /// Frames are written at the end of this.
    bytes& tail() { return pending_; }
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

private:
    static constexpr std::size_t half_full = 64 * 1024; ///< moving less than this is not worth its while

    void reset() {
        sent_ = 0;
        bytes().swap(pending_); // an idle connection holds no buffer
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
