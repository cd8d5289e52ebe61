#include "hub/telemetry/consumer_groups.hpp"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "auth/ascii.hpp"

namespace capstan::hub {
namespace {

constexpr std::string_view always = "$Default";

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool valid(std::string_view name) {
    const auto allowed = [](char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; };
    return !name.empty() && name.size() <= 50 && std::ranges::all_of(name, allowed) && is_alphanumeric(name.front()) &&
           is_alphanumeric(name.back());
}

} // namespace

consumer_groups::names::const_iterator consumer_groups::find(const names& in, std::string_view name) {
    return std::ranges::find_if(in, [&](const std::string& each) { return auth::equal_ignoring_case(each, name); });
}

void consumer_groups::adopt(names made) {
    const std::lock_guard lock(mutex_);
    configured_ = std::exchange(names_, {});
    for (auto& each : made)
        if (find(configured_, each) == configured_.end()) // it came into the configuration since
            names_.push_back(std::move(each));
}

bool consumer_groups::contains(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    return known(name);
}

bool consumer_groups::known(std::string_view name) const {
    return auth::equal_ignoring_case(name, always) || find(names_, name) != names_.end() || find(configured_, name) != configured_.end();
}

std::vector<std::string> consumer_groups::all() const {
    const std::lock_guard lock(mutex_);
    names all{std::string(always)};
    for (const auto* each : {&configured_, &names_})
        all.insert(all.end(), each->begin(), each->end());
    return all;
}

std::expected<void, consumer_groups::refusal> consumer_groups::create(const std::string& name) {
    const std::lock_guard lock(mutex_);
    if (known(name))
        return std::unexpected(refusal::exists);
    if (!valid(name))
        return std::unexpected(refusal::invalid);
    if (configured_.size() + names_.size() + 1 >= most_)
        return std::unexpected(refusal::too_many);
    auto next = names_;
    next.push_back(name);
    return replace(std::move(next));
}

std::expected<void, consumer_groups::refusal> consumer_groups::remove(std::string_view name) {
    const std::lock_guard lock(mutex_);
    if (auth::equal_ignoring_case(name, always))
        return std::unexpected(refusal::invalid);
    if (find(configured_, name) != configured_.end())
        return std::unexpected(refusal::configured);
    const auto found = find(names_, name);
    if (found == names_.end())
        return std::unexpected(refusal::not_found);
    auto next = names_;
    next.erase(next.begin() + (found - names_.cbegin()));
    return replace(std::move(next));
}

std::expected<void, consumer_groups::refusal> consumer_groups::replace(names next) {
    if (save)
        if (const auto saved = save(next); !saved) {
            spdlog::error("consumer groups cannot be kept: {}", saved.error());
            return std::unexpected(refusal::not_saved);
        }
    names_ = std::move(next);
    return {};
}

} // namespace capstan::hub
