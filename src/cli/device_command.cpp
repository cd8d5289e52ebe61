#include <memory>
#include <optional>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/failed.hpp"
#include "cli/hub_client.hpp"
#include "cli/hub_location.hpp"
#include "cli/output.hpp"

namespace capstan::cli {
namespace {

namespace json = boost::json;
using verb = boost::beast::http::verb;

/// The options of all device commands; each command uses some.
struct options {
    hub_options hub;
    std::string format; ///< table, json, or empty: what the command prints by itself
    std::string id;
    std::optional<std::string> primary_key, secondary_key, status, status_reason;
    bool edge_enabled = false;
    std::vector<std::string> assignments;
    std::optional<unsigned> top;
};

json::value ask(const options& given, const hub_request& request) {
    return ask_hub(locate_hub(given.hub), request, system_wall_clock().now());
}

void print_device(const options& given, const json::value& device) {
    fmt::print("{}", given.format == "json" ? pretty_json(device) : device_table({device}));
}

/// Puts the value where object.first.second says, making objects on the way.
void put_at(json::value& object, std::string_view path, json::value value) {
    json::value* place = &object;
    for (std::size_t from = 0; from <= path.size();) {
        const std::size_t dot = std::min(path.find('.', from), path.size());
        if (!place->is_object())
            place->emplace_object();
        place = &place->as_object()[path.substr(from, dot - from)];
        from = dot + 1;
    }
    *place = std::move(value);
}

void put_if_given(json::value& device, std::string_view path, const std::optional<std::string>& value) {
    if (value)
        put_at(device, path, json::value(*value));
}

/// "path=value": the value is JSON if it reads as such, else text.
void put_assignment(json::value& device, const std::string& assignment) {
    const std::size_t equals = assignment.find('=');
    if (equals == 0 || equals == std::string::npos)
        throw failed(exit_usage, fmt::format("--set {}: give it as KEY=VALUE", assignment));
    const std::string text = assignment.substr(equals + 1);
    boost::system::error_code not_json;
    json::value value = json::parse(text, not_json);
    put_at(device, assignment.substr(0, equals), not_json ? json::value(text) : std::move(value));
}

void put_options(json::value& device, const options& given) {
    put_if_given(device, "authentication.symmetricKey.primaryKey", given.primary_key);
    put_if_given(device, "authentication.symmetricKey.secondaryKey", given.secondary_key);
    put_if_given(device, "status", given.status);
    put_if_given(device, "statusReason", given.status_reason);
    if (given.edge_enabled)
        put_at(device, "capabilities.iotEdge", true);
    for (const std::string& assignment : given.assignments)
        put_assignment(device, assignment);
}

int create(const options& given) {
    // Empty keys are what the service SDKs send to have them made (contract/rest.md, section 3).
    json::value device = {{"deviceId", given.id},
                          {"status", "enabled"},
                          {"authentication", {{"type", "sas"}, {"symmetricKey", {{"primaryKey", ""}, {"secondaryKey", ""}}}}}};
    put_options(device, given);
    print_device(given, ask(given, {verb::put, device_path(given.id), "", "", device}));
    return exit_ok;
}

int show(const options& given) {
    const json::value device = ask(given, {verb::get, device_path(given.id), "", "", {}});
    fmt::print("{}", given.format == "table" ? device_table({device}) : pretty_json(device));
    return exit_ok;
}

int list(const options& given) {
    const json::value devices = ask(given, {verb::get, "/devices", given.top ? fmt::format("&top={}", *given.top) : "", "", {}});
    fmt::print("{}", given.format == "json" ? pretty_json(devices) : device_table(devices.as_array()));
    return exit_ok;
}

/// Reads, changes, writes back what is still as it was read: a change that came in between is not undone.
int update(const options& given) {
    json::value device = ask(given, {verb::get, device_path(given.id), "", "", {}});
    const std::string etag = fmt::format("\"{}\"", device.at("etag").as_string().c_str());
    put_options(device, given);
    print_device(given, ask(given, {verb::put, device_path(given.id), "", etag, device}));
    return exit_ok;
}

int remove(const options& given) {
    ask(given, {verb::delete_, device_path(given.id), "", "*", {}});
    if (given.format != "json")
        fmt::print("deleted {}\n", given.id);
    return exit_ok;
}

struct builder {
    CLI::App& device;
    action& chosen;

    /// A command of its own below `device`, with the options that all have.
    CLI::App& add(const char* name, const char* help, int (*perform)(const options&), const std::shared_ptr<options>& given) const {
        CLI::App* command = device.add_subcommand(name, help);
        add_folder_options(*command, given->hub);
        add_login_options(*command, given->hub);
        command->callback([chosen = &chosen, perform, given] { *chosen = [perform, given] { return perform(*given); }; });
        return *command;
    }
};

void add_id(CLI::App& command, options& given) { command.add_option("id", given.id, "the device's id")->required()->type_name("ID"); }

void add_format(CLI::App& command, options& given, const char* usual = "table") {
    command.add_option("-o,--output", given.format, fmt::format("table or json [{}]", usual))
        ->check(CLI::IsMember({"table", "json"}))
        ->type_name("FORM");
}

void add_properties(CLI::App& command, options& given) {
    command.add_option("--primary-key", given.primary_key, "base64 of 16 to 64 bytes")->type_name("KEY");
    command.add_option("--secondary-key", given.secondary_key, "base64 of 16 to 64 bytes")->type_name("KEY");
    command.add_option("--status", given.status, "enabled or disabled")->check(CLI::IsMember({"enabled", "disabled"}))->type_name("STATUS");
    command.add_option("--status-reason", given.status_reason, "why it has this status")->type_name("TEXT");
    command.add_flag("--edge-enabled", given.edge_enabled, "the device is an edge gateway");
}

} // namespace

void add_device(CLI::App& program, action& chosen) {
    CLI::App* device = program.add_subcommand("device", "Register and look after devices of a running hub.");
    device->require_subcommand(1);
    device->footer("Examples:\n"
                   "  capstan device create dev1 --data ./hub\n"
                   "  capstan device show dev1 --data ./hub\n"
                   "  capstan device update dev1 --data ./hub --status disabled --status-reason \"lost\"\n"
                   "  capstan device update dev1 --data ./hub --set capabilities.iotEdge=true\n"
                   "  capstan device list -o json --ca ca.pem --login "
                   "\"HostName=hub.example.net;SharedAccessKeyName=iothubowner;SharedAccessKey=...\"\n"
                   "  capstan device delete dev1 --data ./hub");
    const builder commands{*device, chosen};
    const auto given = std::make_shared<options>(); // one command runs, so all can share them

    CLI::App& creating = commands.add("create", "Register a device; keys that are not given are made by the hub.", create, given);
    add_id(creating, *given);
    add_properties(creating, *given);
    add_format(creating, *given);

    CLI::App& showing = commands.add("show", "Print a device, with its keys.", show, given);
    add_id(showing, *given);
    add_format(showing, *given, "json");

    CLI::App& listing = commands.add("list", "List devices.", list, given);
    listing.add_option("--top", given->top, "at most this many, 1 to 1000 [1000]")->check(CLI::Range(1, 1000))->type_name("N");
    add_format(listing, *given);

    CLI::App& updating = commands.add("update", "Change what is given of a device and leave the rest.", update, given);
    add_id(updating, *given);
    add_properties(updating, *given);
    updating.add_option("--set", given->assignments, "any property of the device's JSON, as path=value; may be repeated")
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->take_all();
    add_format(updating, *given);

    CLI::App& removing = commands.add("delete", "Remove a device with all that waits for it.", remove, given);
    add_id(removing, *given);
    add_format(removing, *given);
}

} // namespace capstan::cli
