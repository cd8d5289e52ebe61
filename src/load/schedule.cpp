#include "load/schedule.hpp"

#include <cmath>

namespace capstan::load {
namespace {

constexpr double second = 1e9;

} // namespace

std::uint64_t schedule::due(steady_time now) const {
    const auto passed = static_cast<double>(std::chrono::nanoseconds(now - start_).count());
    if (passed < 0)
        return 0;
    auto count = static_cast<std::uint64_t>(passed * per_second_ / second);
    while (time_of(count) <= now) // the division is not exact, and a tick holds several
        ++count;
    while (count > 0 && time_of(count - 1) > now)
        --count;
    return count;
}

steady_time schedule::time_of(std::uint64_t message) const {
    const double ticks = std::ceil(static_cast<double>(message) * second / per_second_ / tick_);
    return start_ + std::chrono::nanoseconds(static_cast<std::int64_t>(ticks * tick_));
}

} // namespace capstan::load
