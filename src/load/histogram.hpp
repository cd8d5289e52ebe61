#pragma once
// Latencies, counted in buckets whose width grows with the value as in an HDR histogram: each is known to within 1/128. (Debian 12 has
// no HdrHistogram for C or C++.)

#include <array>
#include <cstddef>
#include <cstdint>

namespace capstan::load {

/// Values in nanoseconds. Those beyond the largest are counted as the largest.
class histogram {
public:
    static constexpr std::int64_t largest = (std::int64_t{1} << 41) - 1; ///< 36 minutes

    void record(std::int64_t value, std::uint64_t times = 1);
    void add(const histogram& other);

    std::uint64_t count() const { return count_; }
    std::int64_t max() const { return max_; }
    /// The value that `share` (0 to 1) of all values do not exceed; 0 when there are none.
    std::int64_t at(double share) const;

private:
    static constexpr int precision = 7; ///< bits
    static constexpr std::size_t buckets = std::size_t{41 - precision + 1} << precision;
    static std::size_t bucket_of(std::uint64_t value);
    static std::int64_t top_of(std::size_t bucket);

    std::array<std::uint64_t, buckets> counts_{};
    std::uint64_t count_ = 0;
    std::int64_t max_ = 0;
};

} // namespace capstan::load
