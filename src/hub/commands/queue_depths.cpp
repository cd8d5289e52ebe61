#include "hub/commands/queue_depths.hpp"

namespace capstan::hub {

std::size_t queue_depths::of(std::string_view device) const {
    const std::lock_guard lock(mutex_);
    const auto found = depths_.find(std::string(device));
    return found == depths_.end() ? 0 : found->second;
}

void queue_depths::set(const std::string& device, std::size_t depth) {
    const std::lock_guard lock(mutex_);
    if (changed_)
        changed_->insert(device);
    if (depth == 0)
        depths_.erase(device);
    else
        depths_[device] = depth;
}

void queue_depths::start_with(const std::vector<store::expiring_command>& stored) {
    const std::lock_guard lock(mutex_);
    for (const auto& each : stored)
        if (!store::are_dead_letters(each.device_id) && !changed_->contains(each.device_id))
            ++depths_[each.device_id];
    changed_.reset();
}

} // namespace capstan::hub
