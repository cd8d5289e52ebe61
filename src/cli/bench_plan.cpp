// What `capstan bench` was told, as connections, links and messages.
#include "cli/bench_plan.hpp"

#include <charconv>

#include <capstan/amqp/encoder.hpp>
#include <fmt/format.h>

#include "cli/bench_hub.hpp"
#include "cli/failed.hpp"

namespace capstan::cli {
namespace {

using amqp::role;

std::string with_numbers(std::string text, std::size_t connection, std::size_t link, std::size_t device) {
    const std::pair<const char*, std::size_t> numbers[] = {{"{c}", connection}, {"{l}", link}, {"{d}", device}};
    for (const auto& [name, number] : numbers)
        for (auto at = text.find(name); at != text.npos; at = text.find(name))
            text.replace(at, 3, std::to_string(number));
    return text;
}

void set_target(load::plan& plan, const std::string& text) {
    const auto colon = text.rfind(':');
    const auto* end = text.data() + text.size();
    if (colon == text.npos || std::from_chars(text.data() + colon + 1, end, plan.port).ptr != end || plan.port == 0)
        throw failed(exit_usage, fmt::format("--target {}: it is to be HOST:PORT", text));
    plan.host = plan.tls_name = text.substr(0, colon);
    if (plan.host.starts_with('[') && plan.host.ends_with(']'))
        plan.host = plan.tls_name = plan.host.substr(1, plan.host.size() - 2);
}

load::sasl mechanism_of(const std::string& name) {
    if (name == "none")
        return load::sasl::none;
    if (name == "plain")
        return load::sasl::plain;
    return name == "mssbcbs" ? load::sasl::mssbcbs : load::sasl::anonymous;
}

/// contract/event-hubs.md: where a reader begins is a selector on the offset.
amqp::bytes filter_of(const std::string& from) {
    amqp::bytes out;
    if (from.empty())
        return out;
    const auto offset = from == "earliest" ? std::string("-1") : from == "latest" ? std::string("@latest") : from;
    amqp::encoder to(out);
    const auto map = to.begin_map();
    to.write(amqp::symbol_view{"apache.org:selector-filter:string"});
    to.descriptor(amqp::symbol_view{"apache.org:selector-filter:string"});
    to.write(std::string_view(fmt::format("amqp.annotation.x-opt-offset > '{}'", offset)));
    to.end(map, 2);
    return out;
}

std::vector<load::link_plan> links_of(const bench_options& given, role mine, const std::string& address, std::size_t connection) {
    std::vector<load::link_plan> links;
    for (std::size_t link = 0; link < given.links; ++link)
        links.push_back({mine, with_numbers(address, connection, link, connection * given.links + link)});
    return links;
}

/// A device of a hub: telemetry from it, commands to it.
std::vector<load::link_plan> device_links(const bench_options& given, std::size_t connection) {
    const auto device = with_numbers("/devices/bench-{d}", 0, 0, connection);
    std::vector<load::link_plan> links{{role::sender, device + "/messages/events"}, {role::receiver, device + "/messages/devicebound"}};
    links.resize(std::min(given.links, links.size()));
    return links;
}

/// Services that send to each device in turn, beginning at different ones; the first one takes the feedback away.
void add_command_connections(load::plan& plan, const bench_options& given) {
    for (std::size_t i = 0; i < given.devices; ++i)
        plan.connections.push_back({.name = fmt::format("bench-device-{}", i),
                                    .links = {{role::receiver, fmt::format("/devices/bench-{}/messages/devicebound", i)}}});
    for (std::size_t i = 0; i < given.connections; ++i) {
        load::connection_plan service{.name = fmt::format("bench-service-{}", i), .links = {{role::sender, "/messages/devicebound"}}};
        service.first_message = i * given.devices / given.connections;
        if (i == 0)
            service.links.push_back({role::receiver, "/messages/serviceBound/feedback"});
        plan.connections.push_back(std::move(service));
    }
}

void add_connections(load::plan& plan, const bench_options& given) {
    if (given.mode == bench_mode::c2d)
        return add_command_connections(plan, given);
    const bool devices = given.has_hub() && !given.address && (given.mode == bench_mode::idle || given.mode == bench_mode::storm);
    const auto address = given.address.value_or(given.has_hub() ? "/devices/bench-{d}/messages/events" : "queue");
    const auto from = given.receive_address.value_or(address);
    const auto add = [&](role mine, const std::string& where, const char* name) {
        for (std::size_t i = 0; i < given.connections; ++i) {
            auto links = devices ? device_links(given, i) : links_of(given, mine, where, i);
            plan.connections.push_back({.name = fmt::format("{}-{}", name, i), .links = std::move(links)});
        }
    };
    if (given.mode == bench_mode::receive || given.mode == bench_mode::both)
        add(role::receiver, from, "bench-receiver");
    if (given.mode != bench_mode::receive)
        add(role::sender, address, "bench-sender");
}

/// The bodies of what is received have the time at which it was sent.
void set_times_in_bodies(load::settings& with, const bench_options& given) {
    if (given.size < load::stamped_size)
        throw failed(exit_usage, fmt::format("--size: at least {}, as each message carries its time", load::stamped_size));
    with.body_size = given.size;
    with.latency_of_accept = false;
    with.settle_second = given.mode == bench_mode::c2d; // the hub settles what it has stored
}

void set_messages(load::plan& plan, const bench_options& given) {
    auto& with = plan.with;
    with.window = given.window;
    with.credit = given.credit;
    with.settled = given.settled;
    with.filter = filter_of(given.from);
    if (given.mode == bench_mode::both || given.mode == bench_mode::c2d)
        set_times_in_bodies(with, given);
    load::message_shape shape;
    shape.body_size = given.size;
    shape.batch = given.batch;
    shape.durable = given.durable;
    if (given.mode != bench_mode::c2d) {
        with.messages.emplace_back(shape, given.settled);
        return;
    }
    shape.ack = "positive";
    for (std::size_t i = 0; i < given.devices; ++i) {
        shape.to = fmt::format("/devices/bench-{}/messages/devicebound", i);
        with.messages.emplace_back(shape, false);
    }
}

void set_times(load::plan& plan, const bench_options& given) {
    const auto nanoseconds = [](double seconds) { return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9)); };
    plan.count = given.count;
    plan.duration = nanoseconds(given.duration);
    plan.warm_up = nanoseconds(given.warm_up.value_or(given.count > 0 || given.mode == bench_mode::idle ? 0 : 1));
    plan.rate = given.rate / given.batch;
    plan.how = given.rate > 0 ? load::pace::scheduled : load::pace::flat_out;
    if (given.mode == bench_mode::receive || given.mode == bench_mode::storm || (given.mode == bench_mode::idle && given.rate == 0))
        plan.how = load::pace::still;
    plan.reconnect = given.mode == bench_mode::storm;
    if (plan.reconnect)
        plan.at_once = static_cast<unsigned>(given.connections);
}

} // namespace

load::plan make_bench_plan(bench_options& given) {
    load::plan plan;
    if (given.mode == bench_mode::c2d && !given.has_hub())
        throw failed(exit_usage, "which hub? Say --hub DIR or --login STRING");
    if (!given.has_hub() && !given.target)
        throw failed(exit_usage, "which server? Say --target HOST:PORT, --hub DIR or --login STRING");
    plan.with.mechanism = mechanism_of(given.sasl.value_or(given.has_hub() ? "plain" : "anonymous"));
    plan.with.user = given.user, plan.with.password = given.password;
    plan.tls = given.tls, plan.ca = given.hub.ca.value_or("");
    plan.resume = given.resume;
    plan.threads = given.threads, plan.source_addresses = given.source_addresses, plan.at_once = given.at_once;
    plan.pids = given.pids;
    add_connections(plan, given);
    set_messages(plan, given);
    set_times(plan, given);
    if (given.has_hub())
        use_hub(plan, given);
    if (given.target)
        set_target(plan, *given.target);
    plan.with.hostname = plan.tls_name;
    return plan;
}

} // namespace capstan::cli
