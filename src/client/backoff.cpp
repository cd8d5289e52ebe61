#include "client/backoff.hpp"

#include <algorithm>

namespace capstan::client {

backoff::backoff(const retry_policy& policy, std::uint32_t seed) : policy_(policy), random_(seed) {}

std::optional<std::chrono::milliseconds> backoff::next() {
    if (policy_.max_attempts() != 0 && attempts_ + 1 >= policy_.max_attempts())
        return std::nullopt;
    const auto doublings = std::min(attempts_++, 20u); // a million times the first is more than anybody waits
    const auto longest = std::min<std::int64_t>(policy_.most().count(), policy_.first().count() << doublings);
    std::uniform_real_distribution<double> part(1.0 - std::clamp(policy_.jitter(), 0.0, 1.0), 1.0);
    return std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(longest) * part(random_)));
}

} // namespace capstan::client
