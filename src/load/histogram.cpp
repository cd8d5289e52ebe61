#include "load/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace capstan::load {

/// Below 128 each value has a bucket; above, each power of two has 128.
std::size_t histogram::bucket_of(std::uint64_t value) {
    const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - precision - 1);
    return (static_cast<std::size_t>(shift) << precision) + static_cast<std::size_t>(value >> shift);
}

std::int64_t histogram::top_of(std::size_t bucket) {
    const auto row = static_cast<int>(bucket >> precision);
    const int shift = std::max(0, row - 1);
    const auto step = bucket - (static_cast<std::size_t>(shift) << precision);
    return static_cast<std::int64_t>(((step + 1) << shift) - 1);
}

void histogram::record(std::int64_t value, std::uint64_t times) {
    value = std::clamp(value, std::int64_t{0}, largest);
    counts_[bucket_of(static_cast<std::uint64_t>(value))] += times;
    count_ += times;
    max_ = std::max(max_, value);
}

void histogram::add(const histogram& other) {
    for (std::size_t bucket = 0; bucket < buckets; ++bucket)
        counts_[bucket] += other.counts_[bucket];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
}

std::int64_t histogram::at(double share) const {
    const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets && count_ > 0; ++bucket) {
        seen += counts_[bucket];
        if (seen >= std::max<std::uint64_t>(wanted, 1))
            return std::min(top_of(bucket), max_);
    }
    return max_;
}

} // namespace capstan::load
