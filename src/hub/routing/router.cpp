#include "hub/routing/router.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>

namespace capstan::hub::routing {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;

endpoint_set set_of(const routes& all, const std::vector<std::string>& names) {
    endpoint_set found = 0;
    for (const auto& name : names) {
        const auto at = std::ranges::find(all.endpoints, name, &endpoint::name);
        found |= name == built_in_name ? built_in : built_in << (1 + (at - all.endpoints.begin()));
    }
    return found;
}

/// How much has been added since the last time.
std::uint64_t since(std::uint64_t& before, std::uint64_t now) { return now - std::exchange(before, now); }

} // namespace

std::unique_ptr<router> router::make(const routes& from, std::string_view hub_name) {
    if (from.empty())
        return nullptr;
    std::unique_ptr<router> made(new router);
    made->fallback_ = from.fallback;
    for (const auto& each : from.list)
        if (each.enabled)
            made->routes_.push_back({&each, condition::compile(each.condition).value(), set_of(from, each.endpoints)});
    made->enrichments_.resize(1 + from.endpoints.size());
    for (const auto& each : from.enrichments)
        for (std::size_t index = 0; index < made->enrichments_.size(); ++index)
            if (set_of(from, each.endpoints) & (built_in << index))
                made->enrichments_[index].push_back({each.key, each.value == "$iothubname" ? std::string(hub_name) : each.value});
    return made;
}

void router::report() {
    if (const auto count = since(reported_.orphaned, counts_.orphaned); count > 0)
        spdlog::warn("routing: {} messages took no route and were dropped, for there is no fallback", count);
    if (const auto count = since(reported_.invalid, counts_.invalid); count > 0)
        spdlog::warn("routing: {} messages were too large for an endpoint with what had to be added", count);
    if (const auto count = since(reported_.undefined, counts_.undefined); count > 0)
        spdlog::info("routing: conditions were undefined {} times; `capstan route test` says why", count);
    if (begins_to_starve())
        spdlog::warn("routing: for a minute all messages have been led past the built-in endpoint '{}'; a route has to lead there too",
                     built_in_name);
}

bool router::begins_to_starve() {
    const auto passed = since(reported_.kept_from_built_in, counts_.kept_from_built_in);
    const auto arrived = since(reported_.to_built_in, counts_.to_built_in);
    if (arrived > 0)
        reported_.starving = false;
    return passed > 0 && arrived == 0 && !std::exchange(reported_.starving, true);
}

bool router::has_routes_for(source what) const {
    return std::ranges::any_of(routes_, [&](const compiled& each) { return each.of->source == what; });
}

endpoint_set router::choose(const subject& message, source of) {
    endpoint_set chosen = 0;
    for (const auto& each : routes_) {
        if (each.of->source != of || (each.leads_to & ~chosen) == 0)
            continue; // it goes there already
        const value result = each.when.evaluate(message);
        if (const auto* truth = std::get_if<bool>(&result); truth && *truth)
            chosen |= each.leads_to;
        else if (is<undefined>(result))
            counts_.undefined.fetch_add(1, relaxed);
    }
    if (of != source::telemetry) // what the hub tells is not counted
        return chosen;
    if (chosen != 0) {
        counts_.routed.fetch_add(1, relaxed);
        (chosen & built_in ? counts_.to_built_in : counts_.kept_from_built_in).fetch_add(1, relaxed);
        return chosen;
    }
    counts_.to_built_in.fetch_add(fallback_ ? 1 : 0, relaxed);
    (fallback_ ? counts_.fallback : counts_.orphaned).fetch_add(1, relaxed);
    return fallback_ ? built_in : 0;
}

} // namespace capstan::hub::routing
