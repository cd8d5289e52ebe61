#pragma once
// Who wants to hear of commits to which partition: telemetry_log::watch, for every implementation.

#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "store/telemetry_log.hpp"

namespace capstan::store {

/// Thread-safe. However many commits a home queue is behind, at most one task of this list waits in it, and each of its watchers
/// hears the newest state once. That task keeps what it needs alive, so it may run when the list is gone.
class watch_list {
public:
    using change = std::pair<partition_id, partition_state>;

    telemetry_log::watch_id add(partition_id partition, run_queue& home, std::function<void(partition_state)> notify);
    /// On the watcher's home queue: its notify does not run any more once this returns, not even for what is already posted.
    void remove(telemetry_log::watch_id id);
    void publish(std::span<const change> changes);

private:
    struct watcher {
        partition_id partition;
        run_queue* home;
        std::function<void(partition_state)> notify;
        bool watching = true; ///< touched only on the home queue
        bool due = false;
        partition_state newest{};
    };
    struct watchers { ///< all but `watching` under the mutex
        std::mutex mutex;
        std::map<telemetry_log::watch_id, std::shared_ptr<watcher>> by_id;
        std::set<run_queue*> posted; ///< those in which a task of this list waits
        telemetry_log::watch_id last_id = 0;
    };

    static void notify_due(watchers& all, run_queue* home);

    std::shared_ptr<watchers> all_ = std::make_shared<watchers>();
};

} // namespace capstan::store
