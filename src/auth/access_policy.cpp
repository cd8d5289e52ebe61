#include "auth/access_policy.hpp"

#include <algorithm>
#include <utility>

#include "auth/ascii.hpp"
#include "auth/random.hpp"

namespace capstan::auth {
namespace {

/// In the order of the flags.
constexpr std::pair<rights, std::string_view> names_of_rights[] = {
    {rights::registry_read, "RegistryRead"},
    {rights::registry_write, "RegistryWrite"},
    {rights::service_connect, "ServiceConnect"},
    {rights::device_connect, "DeviceConnect"},
};

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(' ');
    return first == std::string_view::npos ? std::string_view() : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

rights right_from_word(std::string_view word) {
    const auto found = std::ranges::find_if(names_of_rights, [word](const auto& entry) { return equal_ignoring_case(entry.second, word); });
    return found == std::end(names_of_rights) ? rights::none : found->first;
}

} // namespace

std::string to_text(rights granted) {
    std::string text;
    for (const auto& [flag, name] : names_of_rights) {
        if (!includes(granted, flag))
            continue;
        text += text.empty() ? "" : ", ";
        text += name;
    }
    return text;
}

rights rights_from_text(std::string_view text) {
    rights granted = rights::none;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t comma = std::min(text.find(',', from), text.size());
        const rights one = right_from_word(trimmed(text.substr(from, comma - from)));
        if (one == rights::none)
            return rights::none;
        granted = granted | one;
        from = comma + 1;
    }
    return granted;
}

policy_set policy_set::built_in() {
    using enum rights;
    const std::pair<const char*, rights> built_in[] = {
        {"iothubowner", registry_write | service_connect | device_connect},
        {"service", service_connect},
        {"device", device_connect},
        {"registryRead", registry_read},
        {"registryReadWrite", registry_write},
    };
    std::vector<access_policy> policies;
    for (const auto& [name, granted] : built_in)
        policies.push_back({name, random_key(), random_key(), granted});
    return policy_set(std::move(policies));
}

const access_policy* policy_set::find(std::string_view name) const {
    const auto found = std::ranges::find(policies_, name, &access_policy::name);
    return found == policies_.end() ? nullptr : &*found;
}

} // namespace capstan::auth
