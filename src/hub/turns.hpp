#pragma once
// What waits on one thread for its time: no timer of its own, for the hub looks once a second.

#include <map>

#include "base/clock.hpp"
#include "base/run_queue.hpp"

namespace capstan::hub {

class turns {
public:
    /// At the first look at or after this time; those of one time in the order in which they were added.
    void add(wall_time when, task work) { waiting_.emplace(when, std::move(work)); }

    void take(wall_time now) {
        while (!waiting_.empty() && waiting_.begin()->first <= now)
            waiting_.extract(waiting_.begin()).mapped()();
    }

private:
    std::multimap<wall_time, task> waiting_; ///< as many as a throttle lets wait, and links that wait for one
};

} // namespace capstan::hub
