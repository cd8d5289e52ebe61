#include "store/memory/device_registry.hpp"

#include <algorithm>
#include <iterator>

#include "store/registry_rules.hpp"
#include "store/reply.hpp"

namespace capstan::store {

std::optional<device> memory_device_registry::find(std::string_view id) const { return is_module_key(id) ? std::nullopt : find_any(id); }

std::optional<device> memory_device_registry::find_module(std::string_view device, std::string_view module) const {
    return find_any(module_key(device, module));
}

std::optional<device> memory_device_registry::find_any(std::string_view id) const {
    const auto found = look_up(std::string(id));
    return found ? std::optional(*found) : std::nullopt;
}

std::shared_ptr<const device> memory_device_registry::look_up(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = devices_.find(key);
    return found == devices_.end() ? nullptr : found->second;
}

std::vector<device> memory_device_registry::list_modules(std::string_view of) const {
    const std::lock_guard lock(mutex_);
    const std::string prefix = module_key(of, "");
    std::vector<device> found;
    for (auto at = devices_.lower_bound(prefix); at != devices_.end() && at->first.starts_with(prefix); ++at)
        found.push_back(*at->second);
    return found;
}

std::vector<device> memory_device_registry::list(std::string_view after, std::size_t limit) const {
    const std::lock_guard lock(mutex_);
    std::vector<device> found;
    for (auto at = devices_.upper_bound(after); at != devices_.end() && found.size() < limit; ++at)
        if (!is_module_key(at->first))
            found.push_back(*at->second);
    return found;
}

device_counts memory_device_registry::count() const {
    const std::lock_guard lock(mutex_);
    return counts_;
}

void memory_device_registry::put(device value, condition when, reply_to<device> reply) {
    answer(std::move(reply), put_now(std::move(value), when));
}

outcome<device> memory_device_registry::put_now(device value, const condition& when) {
    if (closed_)
        return std::unexpected(store_is_closed());
    const std::lock_guard lock(mutex_);
    const auto found = devices_.find(value.id);
    const device* before = found == devices_.end() ? nullptr : found->second.get();
    if (std::optional<failure> refused = refusal(when, value.id, before))
        return std::unexpected(*std::move(refused));
    if (is_module_key(value.id) && !devices_.contains(device_in(value.id)))
        return std::unexpected(no_such_device(device_in(value.id)));
    if (is_module_key(value.id) && !before && full_of_modules(device_in(value.id)))
        return std::unexpected(too_many_modules());
    value.etag = etag_of(++changes_);
    counts_ = counts_after(counts_, before, &value);
    devices_.insert_or_assign(value.id, std::make_shared<const device>(value));
    return value;
}

void memory_device_registry::remove(std::string id, condition when, reply_to<device> reply) {
    answer(std::move(reply), remove_now(id, when));
}

outcome<device> memory_device_registry::remove_now(const std::string& id, const condition& when) {
    if (closed_)
        return std::unexpected(store_is_closed());
    const std::lock_guard lock(mutex_);
    const auto found = devices_.find(id);
    const device* before = found == devices_.end() ? nullptr : found->second.get();
    if (std::optional<failure> refused = refusal(when, id, before))
        return std::unexpected(*std::move(refused));
    if (!before)
        return std::unexpected(no_such_device(id));
    device removed = *before;
    counts_ = counts_after(counts_, before, nullptr);
    const std::string prefix = module_key(id, "");
    for (auto at = devices_.lower_bound(prefix); at != devices_.end() && at->first.starts_with(prefix); ++at)
        commands_.drop_now(at->first);
    commands_.drop_now(id);
    forget(id);
    return removed;
}

bool memory_device_registry::full_of_modules(std::string_view device) const {
    const std::string prefix = module_key(device, "");
    const auto first = devices_.lower_bound(prefix);
    const auto last = std::find_if_not(first, devices_.end(), [&](const auto& each) { return each.first.starts_with(prefix); });
    return static_cast<std::size_t>(std::distance(first, last)) >= modules_max;
}

/// With the modules.
void memory_device_registry::forget(const std::string& id) {
    const auto erase_from = [&id, modules = module_key(id, "")](auto& kept) {
        kept.erase(id);
        const auto first = kept.lower_bound(modules);
        kept.erase(first, std::find_if_not(first, kept.end(), [&](const auto& each) { return each.first.starts_with(modules); }));
    };
    erase_from(devices_);
    erase_from(activity_);
}

std::optional<device_activity> memory_device_registry::activity(std::string_view id) const {
    const std::lock_guard lock(mutex_);
    const auto found = activity_.find(id);
    return found == activity_.end() ? std::nullopt : std::optional(found->second);
}

void memory_device_registry::keep_activity(std::vector<device_activity> seen, reply_to<void> reply) {
    if (closed_)
        return answer(std::move(reply), std::unexpected(store_is_closed()));
    {
        const std::lock_guard lock(mutex_);
        for (const device_activity& each : seen)
            if (devices_.contains(each.id))
                activity_.insert_or_assign(each.id, each);
    }
    answer(std::move(reply), {});
}

} // namespace capstan::store
