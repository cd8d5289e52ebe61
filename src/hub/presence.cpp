#include "hub/presence.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "store/device_registry.hpp"

namespace capstan::hub {
namespace {

/// Modules are not counted.
bool is_device(std::string_view id) { return !store::is_module_key(id); }

} // namespace

void presence::seen(std::string_view device, wall_time now) {
    const std::lock_guard lock(mutex_);
    states_[std::string(device)].last_activity = now;
}

std::vector<live_link> presence::link_opened(std::string_view device, live_link link, wall_time now) {
    const std::lock_guard lock(mutex_);
    auto& now_is = states_[std::string(device)];
    now_is.last_activity = now;
    std::vector<live_link> others;
    for (const auto& each : now_is.links)
        if (each.connection != link.connection && each.is_of_type(link))
            others.push_back(each);
    now_is.links.push_back(std::move(link));
    if (now_is.links.size() > 1)
        return others;
    now_is.connected = true;
    now_is.changed = now;
    note_change(device);
    connected_ += is_device(device) ? 1 : 0;
    return others;
}

void presence::link_closed(std::string_view device, wall_time now) {
    const std::lock_guard lock(mutex_);
    const auto found = states_.find(std::string(device));
    if (found == states_.end() || found->second.links.empty())
        return;
    auto& links = found->second.links;
    const auto gone = std::ranges::find_if(links, [](const live_link& each) { return each.link.expired(); });
    links.erase(gone == links.end() ? links.begin() : gone);
    if (!links.empty())
        return;
    links.shrink_to_fit();
    found->second.connected = false;
    found->second.changed = now;
    note_change(device);
    connected_ -= is_device(device) ? 1 : 0;
}

std::vector<live_link> presence::links_of(std::string_view device) const {
    const std::lock_guard lock(mutex_);
    const auto found = states_.find(std::string(device));
    return found == states_.end() ? std::vector<live_link>() : found->second.links;
}

std::vector<live_link> presence::links_with_certificate() const {
    const std::lock_guard lock(mutex_);
    std::vector<live_link> found;
    for (const auto& [device, each] : states_)
        std::ranges::copy_if(each.links, std::back_inserter(found), &live_link::with_certificate);
    return found;
}

void presence::note_change(std::string_view device) {
    if (remembers_)
        changed_.emplace(device);
}

std::vector<std::pair<std::string, presence::state>> presence::changes() {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<std::string, state>> found;
    for (const auto& id : changed_) {
        auto& now_is = states_[id];
        if (now_is.connected != std::exchange(now_is.told, now_is.connected))
            found.emplace_back(id, now_is);
    }
    changed_ = {};
    return found;
}

std::optional<presence::state> presence::find(std::string_view device) const {
    const std::lock_guard lock(mutex_);
    const auto found = states_.find(std::string(device));
    return found == states_.end() ? std::nullopt : std::optional<state>(found->second);
}

std::size_t presence::connected() const {
    const std::lock_guard lock(mutex_);
    return connected_;
}

} // namespace capstan::hub
