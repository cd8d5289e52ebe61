// `capstan bench` on a hub that it has the keys of.
#include "cli/bench_hub.hpp"

#include <set>

#include <fmt/format.h>

#include "auth/connection_string.hpp"
#include "auth/sas_token.hpp"
#include "cli/bulk_registry.hpp"
#include "cli/failed.hpp"
#include "cli/live_text.hpp"

namespace capstan::cli {
namespace {

namespace json = boost::json;

constexpr auto token_life = std::chrono::hours(24);

/// The device that an address names, if it is one of ours; otherwise empty.
std::string device_in(std::string_view address) {
    constexpr std::string_view start = "/devices/bench-";
    if (!address.starts_with(start))
        return {};
    const auto name = address.substr(std::string_view("/devices/").size());
    return std::string(name.substr(0, name.find('/')));
}

void register_some(const hub_login& hub, std::span<const std::string> names) {
    json::array entries;
    for (const auto& each : names)
        entries.push_back(
            json::object{{"id", each}, {"importMode", "create"}, {"status", "enabled"}, {"authentication", {{"type", "sas"}}}});
    for (const auto& error : change_devices(hub, std::move(entries)))
        if (error.code != "DeviceAlreadyExists")
            throw failed(exit_refused, fmt::format("the hub refuses: {}: {}: {}", error.device_id, error.code, error.text));
}

void register_devices(const hub_login& hub, const load::plan& plan) {
    std::set<std::string> found;
    for (const auto& connection : plan.connections)
        for (const auto& link : connection.links)
            if (auto name = device_in(link.address); !name.empty())
                found.insert(std::move(name));
    const std::vector<std::string> names(found.begin(), found.end());
    live_text view;
    for (std::size_t from = 0; from < names.size(); from += max_bulk) {
        register_some(hub, std::span(names).subspan(from, std::min(max_bulk, names.size() - from)));
        view.show(fmt::format("{} of {} devices are registered", from, names.size()));
    }
}

/// One token for all would do; devices put one of their own, and a hub may take its time to check it.
void put_tokens(load::plan& plan, const auth::hub_connection_string& own, wall_time until) {
    for (auto& connection : plan.connections) {
        std::set<std::string> devices;
        for (const auto& link : connection.links)
            devices.insert(device_in(link.address));
        const bool one = devices.size() == 1 && !devices.begin()->empty();
        const auto audience = one ? fmt::format("{}/devices/{}", own.host_name, *devices.begin()) : own.host_name;
        connection.token = {audience, auth::make_sas_token(audience, own.key, own.policy, until)};
    }
}

} // namespace

void use_hub(load::plan& plan, bench_options& given) {
    const auto hub = log_in_as_service(given.hub);
    const auto own = value_or_fail(auth::parse_hub_connection_string(hub.connection_string));
    const auto until = system_wall_clock().now() + token_life;
    plan.host = hub.options.connect_to().value_or(hub.host);
    plan.port = hub.options.port().value_or(5671);
    plan.tls_name = hub.host;
    plan.tls = given.tls = given.tls || !given.target;
    register_devices(hub, plan);
    if (plan.with.mechanism != load::sasl::plain)
        return put_tokens(plan, own, until);
    plan.with.user = fmt::format("{}@sas.root.{}", own.policy, hub.host.substr(0, hub.host.find('.')));
    plan.with.password = auth::make_sas_token(hub.host, own.key, own.policy, until);
}

} // namespace capstan::cli
