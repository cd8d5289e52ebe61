#include "server/timer_wheel.hpp"

#include <algorithm>

namespace capstan::server {

void timer_wheel::schedule(timer& what, steady_time due) {
    what.unlink();
    what.due_ = due;
    insert(what, tick_ + 1);
}

/// The first tick at which all of the time has passed, but not one that was looked at already.
void timer_wheel::insert(timer& what, std::int64_t not_before) {
    const auto tick = std::max(tick_of(what.due_) + 1, not_before);
    slots_[static_cast<std::size_t>(tick) % slot_count].push_back(what);
}

void timer_wheel::advance(steady_time now) {
    const auto target = tick_of(now);
    // After a pause of more than a turn one look at each slot finds everything that is due.
    tick_ = std::max(tick_, target - static_cast<std::int64_t>(slot_count));
    while (tick_ < target) {
        ++tick_;
        slot waiting;
        waiting.swap(slots_[static_cast<std::size_t>(tick_) % slot_count]);
        while (!waiting.empty()) {
            timer& first = waiting.front();
            waiting.pop_front();
            if (first.due_ <= now)
                first.expired(now);
            else
                insert(first, tick_ + 1); // of a later turn
        }
    }
}

bool timer_wheel::empty() const {
    return std::ranges::all_of(slots_, [](const slot& each) { return each.empty(); });
}

} // namespace capstan::server
