#include "store/memory/device_registry.hpp"

#include "store/registry_rules.hpp"
#include "store/reply.hpp"

namespace capstan::store {

std::optional<device> memory_device_registry::find(std::string_view id) const {
    const std::lock_guard lock(mutex_);
    const auto found = devices_.find(id);
    return found == devices_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<device> memory_device_registry::list(std::string_view after, std::size_t limit) const {
    const std::lock_guard lock(mutex_);
    std::vector<device> found;
    for (auto at = devices_.upper_bound(after); at != devices_.end() && found.size() < limit; ++at)
        found.push_back(at->second);
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
    const device* before = found == devices_.end() ? nullptr : &found->second;
    if (std::optional<failure> refused = refusal(when, value.id, before))
        return std::unexpected(*std::move(refused));
    value.etag = etag_of(++changes_);
    counts_ = counts_after(counts_, before, &value);
    devices_.insert_or_assign(value.id, value);
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
    const device* before = found == devices_.end() ? nullptr : &found->second;
    if (std::optional<failure> refused = refusal(when, id, before))
        return std::unexpected(*std::move(refused));
    if (!before)
        return std::unexpected(no_such_device(id));
    device removed = *before;
    counts_ = counts_after(counts_, before, nullptr);
    devices_.erase(found);
    commands_.drop_now(id);
    return removed;
}

} // namespace capstan::store
