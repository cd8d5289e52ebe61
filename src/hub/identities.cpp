#include "hub/identities.hpp"

#include <algorithm>

namespace capstan::hub {

/// As many devices as may share a connection (contract/iothub-amqp.md, 4.8), each with a module or two.
constexpr std::size_t max_identities = 4096;

bool identities::add(principal shown) {
    const auto same = [&](const principal& each) {
        return each.what == shown.what && each.name == shown.name && each.module == shown.module && each.scope_text == shown.scope_text;
    };
    const auto known = std::ranges::find_if(shown_, same);
    if (known != shown_.end())
        *known = std::move(shown);
    else if (shown_.size() >= max_identities)
        return false;
    else
        shown_.push_back(std::move(shown));
    return true;
}

const principal* identities::for_device(std::string_view device, std::string_view module) const {
    const auto found = std::ranges::find_if(shown_, [&](const auto& each) { return access_.may_act_as_device(each, device, module); });
    return found == shown_.end() ? nullptr : &*found;
}

const principal* identities::for_service(std::string_view path) const {
    const auto found = std::ranges::find_if(shown_, [&](const auto& each) { return access_.may_use_service(each, path); });
    return found == shown_.end() ? nullptr : &*found;
}

std::optional<std::string_view> identities::sole_device() const {
    std::optional<std::string_view> sole;
    for (const auto& each : shown_) {
        if (each.what != principal::kind::device)
            continue;
        if (sole && *sole != each.name)
            return std::nullopt;
        sole = each.name;
    }
    return sole;
}

bool identities::forget_expired(wall_time now) {
    return std::erase_if(shown_, [&](const auto& each) { return access_.expired(each, now); }) > 0;
}

} // namespace capstan::hub
