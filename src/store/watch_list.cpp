#include "store/watch_list.hpp"

#include <algorithm>

namespace capstan::store {

telemetry_log::watch_id watch_list::add(partition_id partition, run_queue& home, std::function<void(partition_state)> notify) {
    const std::lock_guard lock(all_->mutex);
    const telemetry_log::watch_id id = ++all_->last_id;
    all_->by_id.emplace(id, std::make_shared<watcher>(partition, &home, std::move(notify)));
    return id;
}

void watch_list::remove(telemetry_log::watch_id id) {
    const std::lock_guard lock(all_->mutex);
    const auto found = all_->by_id.find(id);
    if (found == all_->by_id.end())
        return;
    found->second->watching = false;
    all_->by_id.erase(found);
}

void watch_list::publish(std::span<const change> changes) {
    std::vector<run_queue*> to_post;
    {
        const std::lock_guard lock(all_->mutex);
        for (const auto& [id, one] : all_->by_id) {
            const auto changed = std::ranges::find(changes, one->partition, &change::first);
            if (changed == changes.end())
                continue;
            one->due = true;
            one->newest = changed->second;
            if (all_->posted.insert(one->home).second)
                to_post.push_back(one->home);
        }
    }
    for (run_queue* home : to_post)
        home->post([all = all_, home] { notify_due(*all, home); });
}

void watch_list::notify_due(watchers& all, run_queue* home) {
    std::vector<std::pair<std::shared_ptr<watcher>, partition_state>> due;
    {
        const std::lock_guard lock(all.mutex);
        all.posted.erase(home);
        for (const auto& [id, one] : all.by_id)
            if (one->home == home && std::exchange(one->due, false))
                due.emplace_back(one, one->newest);
    }
    for (const auto& [one, state] : due) // without the lock: notify may watch and unwatch
        if (one->watching)
            one->notify(state);
}

} // namespace capstan::store
