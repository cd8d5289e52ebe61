#include "hub/metrics.hpp"

#include <fmt/format.h>

#include "hub/hub.hpp"
#include "hub/presence.hpp"
#include "hub/registry/registry.hpp"
#include "hub/routing/router.hpp"
#include "hub/telemetry/event_hub.hpp"

namespace capstan::hub {
namespace {

using kind = metrics::kind;
using samples = std::vector<metrics::sample>;

std::uint64_t events_in(const store::telemetry_log& log) {
    std::uint64_t count = 0;
    for (store::partition_id id = 0; id < log.partition_count(); ++id)
        count += log.state(id).next;
    return count;
}

void add_devices(hub& of, metrics& to) {
    to.add("capstan_devices", kind::gauge, "Registered devices.", [&of] {
        const auto counts = of.registry().count();
        return samples{{label("status", "enabled"), static_cast<double>(counts.enabled)},
                       {label("status", "disabled"), static_cast<double>(counts.total - counts.enabled)}};
    });
    to.add("capstan_connected_devices", kind::gauge, "Devices that have a link now.",
           [&of] { return samples{{"", static_cast<double>(of.presence().connected())}}; });
}

void add_events(hub& of, metrics& to) {
    to.add("capstan_events_total", kind::counter, "Events that were ever stored, by event hub.", [&of] {
        samples all;
        for (const auto& each : of.event_hubs())
            all.push_back({label("event_hub", each->name()), static_cast<double>(events_in(each->log()))});
        return all;
    });
    to.add("capstan_events_in_flight_bytes", kind::gauge, "Telemetry that is on its way to the disk.",
           [&of] { return samples{{"", static_cast<double>(of.bytes_in_flight().load())}}; });
    const auto of_forwarding = [&of](double (*number)(const forwarding&)) {
        samples all;
        for (const auto& each : of.event_hubs())
            if (each->forwarded)
                all.push_back({label("endpoint", each->name()), number(each->forwarded())});
        return all;
    };
    to.add("capstan_endpoint_waiting_events", kind::gauge, "Events that a file or a webhook has not taken yet.",
           [=] { return of_forwarding([](const forwarding& now) { return static_cast<double>(now.waiting); }); });
    to.add("capstan_endpoint_healthy", kind::gauge, "1 while a file or a webhook takes what it is given.",
           [=] { return of_forwarding([](const forwarding& now) { return now.healthy ? 1.0 : 0.0; }); });
}

void add_routing(hub& of, metrics& to) {
    const auto count = [&of](std::atomic<std::uint64_t> routing::router::counters::* which) {
        return of.router() ? static_cast<double>((of.router()->counts().*which).load()) : 0.0;
    };
    using counters = routing::router::counters;
    to.add("capstan_routing_messages_total", kind::counter, "Messages that were routed, by what became of them.", [=] {
        return samples{{label("result", "routed"), count(&counters::routed)},
                       {label("result", "fallback"), count(&counters::fallback)},
                       {label("result", "orphaned"), count(&counters::orphaned)},
                       {label("result", "invalid"), count(&counters::invalid)}};
    });
    to.add("capstan_routing_kept_from_built_in_total", kind::counter, "Messages that routes led past the built-in endpoint.",
           [=] { return samples{{"", count(&counters::kept_from_built_in)}}; });
    to.add("capstan_routing_undefined_conditions_total", kind::counter, "Conditions that said neither yes nor no.",
           [=] { return samples{{"", count(&counters::undefined)}}; });
}

void add_store(hub& of, metrics& to) {
    to.add("capstan_store_writable", kind::gauge, "1 while the store takes writes.",
           [&of] { return samples{{"", of.store().trouble() ? 0.0 : 1.0}}; });
    to.add("capstan_store_commits_total", kind::counter, "Commits, each one write and one sync.",
           [&of] { return samples{{"", static_cast<double>(of.store().commits().rounds)}}; });
    to.add("capstan_store_commit_requests_total", kind::counter, "Requests that were committed.",
           [&of] { return samples{{"", static_cast<double>(of.store().commits().requests)}}; });
    to.add("capstan_store_commit_seconds_total", kind::counter, "Time that commits took.",
           [&of] { return samples{{"", static_cast<double>(of.store().commits().time.count()) / 1e6}}; });
}

} // namespace

std::string label(std::string_view name, std::string_view value) {
    std::string text(name);
    text += "=\"";
    for (const char c : value) {
        if (c == '\\' || c == '"')
            text += '\\';
        text += c == '\n' ? std::string("\\n") : std::string(1, c);
    }
    return text + '"';
}

void metrics::add(std::string name, kind what, std::string help, reading read) {
    families_.push_back({std::move(name), what, std::move(help), std::move(read)});
}

std::string metrics::text() const {
    std::string all;
    for (const auto& each : families_) {
        const auto found = each.read();
        if (found.empty())
            continue;
        all += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", each.name, each.help, each.what == kind::counter ? "counter" : "gauge");
        for (const auto& [labels, number] : found)
            all += labels.empty() ? fmt::format("{} {}\n", each.name, number) : fmt::format("{}{{{}}} {}\n", each.name, labels, number);
    }
    return all;
}

void add_metrics_of(hub& of, metrics& to) {
    add_devices(of, to);
    add_events(of, to);
    add_routing(of, to);
    add_store(of, to);
}

} // namespace capstan::hub
