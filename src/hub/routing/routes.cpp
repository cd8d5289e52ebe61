#include "hub/routing/routes.hpp"

#include <algorithm>
#include <set>

#include <boost/algorithm/string/case_conv.hpp>
#include <boost/algorithm/string/predicate.hpp>
#include <fmt/format.h>

#include "hub/routing/condition.hpp"

namespace capstan::hub::routing {
namespace {

using checked = std::expected<void, std::string>;

template<class... Parts> std::unexpected<std::string> wrong(fmt::format_string<Parts...> text, Parts&&... parts) {
    return std::unexpected(fmt::format(text, std::forward<Parts>(parts)...));
}

bool is_name(std::string_view text, std::size_t most) {
    const auto allowed = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_'; };
    return !text.empty() && text.size() <= most && std::ranges::all_of(text, allowed) && text.front() != '.';
}

/// Each name once, without regard to case.
template<class Named, class Name> checked unique(const std::vector<Named>& all, Name name, std::string_view what) {
    std::set<std::string> seen;
    for (const auto& each : all)
        if (!seen.insert(boost::to_lower_copy(name(each))).second)
            return wrong("there are two {}s '{}'", what, name(each));
    return {};
}

checked check_endpoint(const endpoint& one) {
    constexpr std::string_view taken[] = {built_in_name, "devices", "messages", "$cbs", "$management"};
    if (!is_name(one.name, 50))
        return wrong("'{}' is no name for an endpoint: 1 to 50 letters, digits, '-', '.' or '_'", one.name);
    if (std::ranges::any_of(taken, [&](std::string_view each) { return boost::iequals(each, one.name); }))
        return wrong("the name '{}' is taken", one.name);
    if (one.what == endpoint::kind::file && one.folder.empty())
        return wrong("endpoint '{}': files need a folder", one.name);
    if (one.what == endpoint::kind::webhook && !boost::istarts_with(one.url, "http://") && !boost::istarts_with(one.url, "https://"))
        return wrong("endpoint '{}': a webhook needs a url, http:// or https://", one.name);
    return {};
}

checked check_targets(const routes& all, std::string_view what, std::string_view name, const std::vector<std::string>& endpoints) {
    if (endpoints.empty())
        return wrong("{} '{}' names no endpoint", what, name);
    for (const auto& each : endpoints)
        if (each != built_in_name && std::ranges::find(all.endpoints, each, &endpoint::name) == all.endpoints.end())
            return wrong("{} '{}': there is no endpoint '{}'", what, name, each);
    return {};
}

checked check_route(const routes& all, const route& one) {
    if (!is_name(one.name, 64))
        return wrong("'{}' is no name for a route: 1 to 64 letters, digits, '-', '.' or '_'", one.name);
    if (const auto compiled = condition::compile(one.condition); !compiled)
        return wrong("route '{}': {}", one.name, to_text(compiled.error()));
    return check_targets(all, "route", one.name, one.endpoints);
}

checked check_enrichment(const routes& all, const enrichment& one) {
    if (!is_name(one.key, 128))
        return wrong("'{}' is no key for an enrichment: letters, digits, '-', '.' or '_'", one.key);
    return check_targets(all, "enrichment", one.key, one.endpoints);
}

/// One value for a key, at each endpoint: which of two would win nobody can see.
checked check_keys(const routes& all) {
    for (auto one = all.enrichments.begin(); one != all.enrichments.end(); ++one)
        for (auto other = std::next(one); other != all.enrichments.end(); ++other)
            for (const auto& each : one->endpoints)
                if (boost::iequals(one->key, other->key) && std::ranges::count(other->endpoints, each) > 0)
                    return wrong("there are two enrichments '{}' for the endpoint '{}'", other->key, each);
    return {};
}

checked check_counts(const routes& all) {
    if (all.endpoints.size() > endpoints_max)
        return wrong("there are more than {} endpoints", endpoints_max);
    if (all.list.size() > routes_max)
        return wrong("there are more than {} routes", routes_max);
    if (all.enrichments.size() > enrichments_max)
        return wrong("there are more than {} enrichments", enrichments_max);
    if (auto once = unique(all.endpoints, [](const endpoint& each) { return each.name; }, "endpoint"); !once)
        return once;
    return unique(all.list, [](const route& each) { return each.name; }, "route");
}

constexpr std::pair<std::string_view, source> sources[] = {{"DeviceMessages", source::telemetry},
                                                           {"DeviceLifecycleEvents", source::device_lifecycle},
                                                           {"DeviceConnectionStateEvents", source::connection_state}};

bool leads_to(const route& one, std::string_view endpoint) { return std::ranges::count(one.endpoints, endpoint) > 0; }

} // namespace

std::string_view to_text(source what) {
    const auto found = std::ranges::find(sources, what, &std::pair<std::string_view, source>::second);
    return found->first;
}

std::optional<source> source_of(std::string_view text) {
    const auto found = std::ranges::find_if(sources, [&](const auto& each) { return boost::iequals(each.first, text); });
    return found == std::end(sources) ? std::nullopt : std::optional(found->second);
}

checked check(const routes& all) {
    if (auto counted = check_counts(all); !counted)
        return counted;
    for (const auto& each : all.endpoints)
        if (auto right = check_endpoint(each); !right)
            return right;
    for (const auto& each : all.list)
        if (auto right = check_route(all, each); !right)
            return right;
    for (const auto& each : all.enrichments)
        if (auto right = check_enrichment(all, each); !right)
            return right;
    return check_keys(all);
}

std::vector<std::string> warnings(const routes& all) {
    std::vector<std::string> found;
    const auto takes_all = [](const route& each) { return each.enabled && each.source == source::telemetry && each.condition == "true"; };
    const auto to_built_in = [](const route& each) {
        return each.enabled && each.source == source::telemetry && leads_to(each, built_in_name);
    };
    const auto greedy = std::ranges::find_if(all.list, takes_all);
    if (std::ranges::none_of(all.list, to_built_in)) {
        if (greedy != all.list.end())
            found.push_back(
                fmt::format("route '{}' takes every message, and none goes to the built-in endpoint '{}'", greedy->name, built_in_name));
        else if (!all.fallback)
            found.push_back(fmt::format("no route leads to the built-in endpoint '{}', and there is no fallback", built_in_name));
    }
    for (const auto& each : all.endpoints)
        if (std::ranges::none_of(all.list, [&](const route& one) { return one.enabled && leads_to(one, each.name); }))
            found.push_back(fmt::format("no route leads to the endpoint '{}'", each.name));
    return found;
}

} // namespace capstan::hub::routing
