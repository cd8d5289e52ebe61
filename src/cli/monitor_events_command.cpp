#include <memory>

#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>
#include <fnmatch.h>

#include <capstan/event_consumer.hpp>

#include "auth/base64.hpp"
#include "cli/commands.hpp"
#include "cli/connection_watch.hpp"
#include "cli/output.hpp"
#include "cli/times.hpp"
#include "cli/wait_for.hpp"

namespace capstan::cli {
namespace {

namespace json = boost::json;

struct monitor_events_options {
    hub_options hub;
    std::string consumer_group = "$Default";
    std::string device;       ///< with * and ?; empty: all
    std::string module;       ///< likewise
    std::string content_type; ///< taken to be that of all events; empty: each its own
    std::vector<std::string> partitions, properties;
    std::optional<std::int64_t> enqueued_time; ///< ms since 1970
    bool from_start = false;
    std::uint32_t timeout = 0; ///< s without an event; 0: none
    std::size_t count = 0;     ///< 0: no end
    output_form form = output_form::table;

    bool shows(std::string_view what) const {
        return std::ranges::any_of(properties, [&](const std::string& each) { return each == what || each == "all"; });
    }
};

event_position position_of(const monitor_events_options& given) {
    if (given.from_start)
        return event_position::earliest();
    if (given.enqueued_time)
        return event_position::at(wall_clock_time(std::chrono::milliseconds(*given.enqueued_time)));
    return event_position::latest();
}

bool is_text(std::string_view body) {
    boost::system::error_code not_utf8;
    json::parse(json::serialize(json::string(body)), not_utf8);
    return !not_utf8;
}

/// JSON where the event says so, else text; octets that are no text in base64.
json::value payload_of(const event& shown, const monitor_events_options& given) {
    const auto& type = given.content_type.empty() ? shown.content().content_type() : given.content_type;
    boost::system::error_code not_json;
    auto parsed = type.find("json") != type.npos ? json::parse(shown.body(), not_json) : json::value();
    if (!parsed.is_null() && !not_json)
        return parsed;
    return json::value(is_text(shown.body()) ? std::string(shown.body()) : auth::to_base64(as_bytes(shown.body())));
}

void put_if_any(json::object& into, std::string_view name, std::string_view value) {
    if (!value.empty())
        into[name] = value;
}

json::object system_properties(const message& of) {
    json::object found;
    put_if_any(found, "message_id", of.message_id());
    put_if_any(found, "correlation_id", of.correlation_id());
    put_if_any(found, "user_id", of.user_id());
    put_if_any(found, "content_type", of.content_type());
    put_if_any(found, "content_encoding", of.content_encoding());
    return found;
}

template<class Map> json::object texts(const Map& of) {
    json::object found;
    for (const auto& [name, value] : of)
        found[name] = value;
    return found;
}

/// As `az iot hub monitor-events` has it, with the place in the event hub beside it.
json::object described(const event& shown, const monitor_events_options& given) {
    json::object properties;
    if (given.shows("sys"))
        properties["system"] = system_properties(shown.content());
    if (given.shows("app"))
        properties["application"] = texts(shown.content().properties());
    json::object told{{"origin", shown.device_id()},    {"enqueuedTime", iso_time(shown.enqueued_time())},
                      {"partition", shown.partition()}, {"sequenceNumber", shown.sequence_number()},
                      {"offset", shown.offset()},       {"payload", payload_of(shown, given)}};
    if (given.shows("anno"))
        told["annotations"] = texts(shown.annotations());
    if (!properties.empty())
        told["properties"] = std::move(properties);
    return {{"event", std::move(told)}};
}

/// One line for each event, and one for each kind of properties that are asked for.
std::string line_of(const json::object& described) {
    const auto& told = described.at("event").as_object();
    const auto& payload = told.at("payload");
    auto text = fmt::format("{}  {}  {}#{}  {}\n", told.at("enqueuedTime").as_string().c_str(), told.at("origin").as_string().c_str(),
                            told.at("partition").as_string().c_str(), told.at("sequenceNumber").as_int64(),
                            payload.is_string() ? std::string(payload.as_string()) : compact_json(payload));
    for (const auto* name : {"annotations", "properties"})
        if (const auto* more = told.if_contains(name))
            text += fmt::format("    {}: {}\n", name, compact_json(*more));
    return text;
}

void print(const event& shown, const monitor_events_options& given) {
    static constexpr column columns[] = {{"TIME", "/event/enqueuedTime"},
                                         {"DEVICE", "/event/origin"},
                                         {"PARTITION", "/event/partition"},
                                         {"NUMBER", "/event/sequenceNumber"},
                                         {"PAYLOAD", "/event/payload"}};
    const auto told = described(shown, given);
    fmt::print("{}", given.form == output_form::table ? line_of(told) : formatted(given.form, columns, told));
    std::fflush(stdout); // whoever reads a pipe wants it now
}

/// However reading ends: what else the loop would wait for ends with it.
struct events_reading {
    event_consumer& events;
    asio::steady_timer& silence;
    ~events_reading() {
        silence.cancel();
        events.close();
    }
};

bool matches(const std::string& pattern, const std::string& id) {
    return pattern.empty() || ::fnmatch(pattern.c_str(), id.c_str(), 0) == 0;
}

/// Empty where a device itself has sent it.
std::string module_of(const event& which) {
    const auto found = which.annotations().find("iothub-connection-module-id");
    return found == which.annotations().end() ? std::string() : found->second;
}

asio::awaitable<void> show(event_consumer& events, asio::steady_timer& silence, const monitor_events_options& given) {
    const events_reading until_the_end{events, silence};
    for (std::size_t shown = 0; given.count == 0 || shown < given.count;) {
        if (given.timeout > 0)
            silence.expires_after(std::chrono::seconds(given.timeout));
        silence.async_wait([&](boost::system::error_code cancelled) {
            if (!cancelled)
                events.close();
        });
        const auto next = co_await events.async_next();
        silence.cancel();
        if (!next)
            break;
        if (!matches(given.device, next->device_id()) || !matches(given.module, module_of(*next)))
            continue;
        print(*next, given);
        ++shown;
    }
}

int monitor(const monitor_events_options& given) {
    auto hub = log_in_as_service(given.hub);
    hub.options.retry(retry_policy());
    asio::io_context loop;
    const auto what = event_options().consumer_group(given.consumer_group).partitions(given.partitions).from(position_of(given));
    event_consumer events(loop.get_executor(), hub.connection_string, what, hub.options);
    connection_watch watch([&] { events.close(); });
    events.on_connection_changed(watch.observer());
    asio::steady_timer silence(loop, asio::steady_timer::time_point::max());
    if (given.form == output_form::table)
        fmt::print(stderr, "Reading what devices send to {}; Ctrl-C ends it.\n", hub.host);
    wait_until_interrupted(loop, show(events, silence, given), [&] { events.close(); });
    watch.check();
    if (!watch.was_connected() && given.timeout > 0)
        throw failed(exit_unreachable, fmt::format("no connection to the hub within {} s", given.timeout));
    return exit_ok;
}

void add_what(CLI::App& command, monitor_events_options& given) {
    command.add_option("-d,--device-id", given.device, "only of this device; * and ? stand for others")->type_name("ID");
    command.add_option("-m,--module-id", given.module, "only of this module, or of modules like it")->type_name("ID");
    command.add_option("--partition", given.partitions, "only this partition; may be repeated [all]")->type_name("N")->take_all();
    command.add_option("-p,--properties,--props", given.properties, "which properties to show: sys, app, anno, all; may be repeated")
        ->check(CLI::IsMember({"sys", "app", "anno", "all"}))
        ->type_name("KIND")
        ->take_all();
    command.add_option("--content-type,--ct", given.content_type, "take the bodies to be this: application/json, say")->type_name("TYPE");
}

} // namespace

void add_monitor_events(CLI::App& program, action& chosen) {
    CLI::App* command = program.add_subcommand("monitor-events", "Show telemetry as it comes in.");
    auto given = std::make_shared<monitor_events_options>();
    add_amqp_options(*command, given->hub);
    add_output_option(*command, given->form);
    command->add_option("--consumer-group,--cg", given->consumer_group, "the consumer group [$Default]")->type_name("NAME");
    add_what(*command, *given);
    auto* time = command->add_option("--enqueued-time,--et", given->enqueued_time, "begin with what came then, in ms since 1970 [now]");
    time->type_name("MS");
    command->add_flag("--from-start", given->from_start, "begin with the oldest that is kept")->excludes(time);
    command->add_option("-t,--timeout", given->timeout, "end after so many seconds without an event; 0: never [0]")->type_name("S");
    command->add_option("--message-count,--mc", given->count, "end after so many events; 0: never [0]")->type_name("N");
    command->footer("Examples:\n"
                    "  capstan monitor-events --hub ./hub\n"
                    "  capstan monitor-events --hub ./hub -d 'pump-*' --properties app\n"
                    "  capstan monitor-events --hub ./hub --from-start --timeout 5 -o jsonl | jq .event.payload");
    command->callback([&chosen, given] { chosen = [given] { return monitor(*given); }; });
}

} // namespace capstan::cli
