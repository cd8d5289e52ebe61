#include "hub/presence.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace capstan::hub {
namespace {

/// Modules are not counted.
bool is_device(std::string_view id) { return !store::is_module_key(id); }

} // namespace

void presence::seen(std::string_view device, wall_time now) {
    const std::lock_guard lock(mutex_);
    touch(device, now);
}

presence::entry& presence::touch(std::string_view device, wall_time now) {
    const auto at = states_.try_emplace(std::string(device)).first;
    at->second.last_activity = std::max(at->second.last_activity, now);
    note_unsaved(at->first, at->second);
    return at->second;
}

void presence::note_unsaved(const std::string& device, entry& of) {
    if (!std::exchange(of.unsaved, true))
        unsaved_.push_back(device);
}

std::vector<live_link> presence::link_opened(std::string_view device, live_link link, wall_time now) {
    const std::lock_guard lock(mutex_);
    auto& now_is = touch(device, now);
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
    note_unsaved(found->first, found->second);
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

std::vector<store::device_activity> presence::take_unsaved() {
    const std::lock_guard lock(mutex_);
    std::vector<store::device_activity> taken;
    taken.reserve(unsaved_.size());
    for (auto& id : std::exchange(unsaved_, {}))
        if (const auto found = states_.find(id); found != states_.end()) {
            found->second.unsaved = false;
            taken.push_back({std::move(id), found->second.last_activity, found->second.changed});
        }
    return taken;
}

void presence::forget(std::string_view device) {
    const std::lock_guard lock(mutex_);
    const auto found = states_.find(std::string(device));
    if (found == states_.end())
        return;
    if (found->second.links.empty())
        states_.erase(found); // its name in unsaved_ finds nothing, or its successor
    else
        found->second.last_activity = found->second.changed = {};
}

std::size_t presence::connected() const {
    const std::lock_guard lock(mutex_);
    return connected_;
}

} // namespace capstan::hub
