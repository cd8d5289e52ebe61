#include "hub/telemetry/intake.hpp"

namespace capstan::hub {

void intake::ends(std::size_t bytes) {
    ended_ += bytes;
    const auto before = with_store_.fetch_sub(bytes);
    if (before > limit && before - bytes <= limit)
        tell_all();
}

/// Looks after it has put the task where ends() finds it: one of the two sees the other.
bool intake::when_relieved(run_queue& home, task look_again) {
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() >= waiting_max)
            return false;
        waiting_.emplace_back(&home, std::move(look_again));
    }
    if (!presses())
        tell_all();
    return true;
}

void intake::tell_all() {
    std::vector<std::pair<run_queue*, task>> told;
    {
        const std::lock_guard lock(mutex_);
        told.swap(waiting_);
    }
    for (auto& [home, look_again] : told)
        home->post(std::move(look_again));
}

} // namespace capstan::hub
