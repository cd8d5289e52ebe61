#include "hub/presence.hpp"

namespace capstan::hub {

void presence::seen(std::string_view device, wall_time now) {
    const std::lock_guard lock(mutex_);
    states_[std::string(device)].last_activity = now;
}

void presence::link_opened(std::string_view device, wall_time now) {
    const std::lock_guard lock(mutex_);
    auto& now_is = states_[std::string(device)];
    now_is.last_activity = now;
    if (now_is.links++ > 0)
        return;
    now_is.changed = now;
    ++connected_;
}

void presence::link_closed(std::string_view device, wall_time now) {
    const std::lock_guard lock(mutex_);
    const auto found = states_.find(std::string(device));
    if (found == states_.end() || found->second.links == 0 || --found->second.links > 0)
        return;
    found->second.changed = now;
    --connected_;
}

std::optional<presence::state> presence::find(std::string_view device) const {
    const std::lock_guard lock(mutex_);
    const auto found = states_.find(std::string(device));
    return found == states_.end() ? std::nullopt : std::optional(found->second);
}

std::size_t presence::connected() const {
    const std::lock_guard lock(mutex_);
    return connected_;
}

} // namespace capstan::hub
