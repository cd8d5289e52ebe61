#include "hub/telemetry/consumer_groups.hpp"

#include <algorithm>

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

std::vector<std::string>::const_iterator consumer_groups::find(std::string_view name) const {
    return std::ranges::find_if(names_, [&](const std::string& each) { return auth::equal_ignoring_case(each, name); });
}

bool consumer_groups::contains(std::string_view name) const {
    if (auth::equal_ignoring_case(name, always))
        return true;
    const std::lock_guard lock(mutex_);
    return find(name) != names_.end();
}

std::vector<std::string> consumer_groups::all() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names{std::string(always)};
    names.insert(names.end(), names_.begin(), names_.end());
    return names;
}

std::expected<void, consumer_groups::refusal> consumer_groups::create(const std::string& name) {
    const std::lock_guard lock(mutex_);
    if (auth::equal_ignoring_case(name, always) || find(name) != names_.end())
        return std::unexpected(refusal::exists);
    if (!valid(name))
        return std::unexpected(refusal::invalid);
    if (names_.size() + 1 >= most_)
        return std::unexpected(refusal::too_many);
    auto next = names_;
    next.push_back(name);
    return replace(std::move(next));
}

std::expected<void, consumer_groups::refusal> consumer_groups::remove(std::string_view name) {
    const std::lock_guard lock(mutex_);
    if (auth::equal_ignoring_case(name, always))
        return std::unexpected(refusal::invalid);
    const auto found = find(name);
    if (found == names_.end())
        return std::unexpected(refusal::not_found);
    auto next = names_;
    next.erase(next.begin() + (found - names_.cbegin()));
    return replace(std::move(next));
}

std::expected<void, consumer_groups::refusal> consumer_groups::replace(std::vector<std::string> names) {
    if (save)
        if (const auto saved = save(names); !saved) {
            spdlog::error("consumer groups cannot be kept: {}", saved.error());
            return std::unexpected(refusal::not_saved);
        }
    names_ = std::move(names);
    return {};
}

} // namespace capstan::hub
