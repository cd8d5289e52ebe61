#pragma once
#include <bit>
#include <cstdint>
#include <vector>

namespace capstan::load {

/// The deliveries of a session that wait for their outcome. Their ids follow each other, so they lie in a ring; one that stays unsettled
/// for long holds up the ring, which is why it has more room than windows allow.
class delivery_ring {
public:
    struct delivery {
        std::int64_t time = 0; ///< when it was meant to be sent; 0: none is here
        std::uint32_t link = 0;
        std::uint32_t messages = 0;
        std::uint32_t size = 0;
    };

    /// Memory is taken with the first delivery.
    explicit delivery_ring(std::size_t windows) : capacity_(std::bit_ceil(windows * 4)) {}

    std::uint32_t next() const { return next_; }
    bool empty() const { return oldest_ == next_; }
    std::size_t room() const { return capacity_ - (next_ - oldest_); }
    void push(const delivery& sent) {
        if (slots_.empty())
            slots_.resize(capacity_);
        slots_[next_++ & (capacity_ - 1)] = sent;
    }
    /// A settled delivery's number is used up without a place.
    void skip() {
        if (oldest_ == next_)
            ++oldest_;
        ++next_;
    }

    /// Calls `settled` for each of first..last that waits here, and takes it out.
    template<class F> void settle(std::uint32_t first, std::uint32_t last, F&& settled) {
        const auto waiting = next_ - oldest_;
        const auto begin = first - oldest_ < waiting ? first : oldest_;
        if (slots_.empty() || waiting == 0 || last - oldest_ >= waiting)
            return;
        for (auto id = begin; id - oldest_ <= last - oldest_; ++id) {
            auto& slot = slots_[id & (capacity_ - 1)];
            if (slot.time != 0)
                settled(slot);
            slot.time = 0;
        }
        while (oldest_ != next_ && slots_[oldest_ & (capacity_ - 1)].time == 0)
            ++oldest_;
    }
    /// All that wait.
    template<class F> void settle_all(F&& settled) {
        if (!empty())
            settle(oldest_, next_ - 1, settled);
    }

private:
    std::size_t capacity_;
    std::vector<delivery> slots_;
    std::uint32_t oldest_ = 0, next_ = 0;
};

} // namespace capstan::load
