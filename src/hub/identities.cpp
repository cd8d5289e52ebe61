#include "hub/identities.hpp"

#include <algorithm>

namespace capstan::hub {
namespace {

/// As many devices as may share a connection (contract/iothub-amqp.md, 4.8), each with a module or two.
constexpr std::size_t max_devices = 4096;
/// Each link looks at all of its device and of the hub. A hub has five policies; tokens may differ in their scopes.
constexpr std::size_t max_of_one = 32;

bool same(const principal& one, const principal& other) {
    return one.what == other.what && one.name == other.name && one.module == other.module && one.scope_text == other.scope_text;
}

/// By the same key, of the device as it was: then the one that ends later is all that is needed (contract/iothub-amqp.md, 4.6). One by
/// a key of before may be worth nothing by now.
bool outlasts(const principal& old, const principal& shown) {
    return old.expires > shown.expires && old.key == shown.key && old.generation_id == shown.generation_id && old.rights == shown.rights;
}

} // namespace

bool identities::add(const principal& shown) {
    const auto keys = shown.devices.empty() ? std::vector<std::string>{""} : shown.devices;
    for (const auto& key : keys) {
        if (shown_.size() >= max_devices && !shown_.contains(key))
            return false;
        auto& known = shown_[key];
        const auto old = std::ranges::find_if(known, [&](const auto& each) { return same(each, shown); });
        if (old != known.end() && outlasts(*old, shown))
            continue;
        if (old != known.end())
            *old = shown;
        else if (known.size() >= max_of_one)
            return false;
        else
            known.push_back(shown);
    }
    return true;
}

const identities::list* identities::of(const std::string& device) const {
    const auto found = shown_.find(device);
    return found == shown_.end() ? nullptr : &found->second;
}

std::optional<identities::proof> identities::for_device(const store::device& device, std::string_view path,
                                                        const store::device* module) const {
    for (const auto* some : {of(device.id), of("")}) {
        if (!some)
            continue;
        const auto found = std::ranges::find_if(*some, [&](const auto& each) { return access_.may_act_as_device(each, device, path); });
        if (found != some->end())
            return found->what == principal::kind::policy ? proof::policy : proof::device_key;
    }
    if (certificate_ && device.enabled && access_.is_still_certificate_of(*certificate_, module ? *module : device))
        return proof::certificate;
    return std::nullopt;
}

const principal* identities::for_service(std::string_view path) const {
    const auto* some = of("");
    if (!some)
        return nullptr;
    const auto found = std::ranges::find_if(*some, [&](const auto& each) { return access_.may_use_service(each, path); });
    return found == some->end() ? nullptr : &*found;
}

std::optional<std::string> identities::sole_device() const {
    const auto is_device = [](const auto& entry) {
        return std::ranges::any_of(entry.second, [](const auto& each) { return each.what == principal::kind::device; });
    };
    const auto sole = std::ranges::find_if(shown_, is_device);
    if (sole == shown_.end() || std::find_if(std::next(sole), shown_.end(), is_device) != shown_.end())
        return std::nullopt;
    const auto device = access_.find_device(sole->first);
    if (!device || !for_device(*device, "/devices/" + device->id + "/messages/devicebound"))
        return std::nullopt;
    return device->id;
}

bool identities::forget_expired(wall_time now) {
    std::size_t forgotten = 0;
    for (auto& [device, some] : shown_)
        forgotten += std::erase_if(some, [&](const auto& each) { return access_.expired(each, now); });
    for (auto each = shown_.begin(); forgotten > 0 && each != shown_.end();)
        each = each->second.empty() ? shown_.erase(each) : std::next(each);
    return forgotten > 0;
}

} // namespace capstan::hub
