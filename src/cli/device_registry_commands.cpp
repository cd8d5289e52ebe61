#include <map>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "auth/random.hpp"
#include "cli/device_commands.hpp"
#include "cli/failed.hpp"
#include "cli/hub_login.hpp"
#include "cli/json_assignment.hpp"
#include "cli/output.hpp"
#include "cli/wait_for.hpp"
#include "client/registry/paths.hpp"

namespace capstan::cli {
namespace {

namespace json = boost::json;
using verb = boost::beast::http::verb;

/// The options of all device commands; each command uses some.
struct device_options {
    hub_options hub;
    output_form form = output_form::table;
    std::string id;
    std::optional<std::string> authentication, primary_key, secondary_key, primary_thumbprint, secondary_thumbprint;
    std::optional<std::string> status, status_reason;
    bool edge_enabled = false;
    std::vector<CLI::Option*> edge_flags; ///< of the commands that have it
    std::vector<std::string> assignments;
    std::optional<unsigned> top;
    std::string renewed;
    std::string etag;
};

json::value ask(const device_options& given, client::rest_request request) {
    return ask_hub(log_in_as_service(given.hub), std::move(request));
}

json::value get(const device_options& given) { return ask(given, {.path = device_path(given.id)}); }

/// `version`: empty for a new device, else the one that it replaces.
json::value put(const device_options& given, const json::value& device, const std::string& version = {}) {
    return ask(given, {.method = verb::put, .path = device_path(given.id), .if_match = version, .body = device});
}

std::string version_of(const json::value& device) { return fmt::format("\"{}\"", device.at("etag").as_string().c_str()); }

void print_device(const device_options& given, const json::value& device) { print(given.form, device_columns, device); }

void put_if_given(json::value& device, std::string_view path, const std::optional<std::string>& value) {
    if (value)
        put_at(device, path, json::value(*value));
}

void put_options(json::value& device, const device_options& given) {
    put_if_given(device, "authentication.symmetricKey.primaryKey", given.primary_key);
    put_if_given(device, "authentication.symmetricKey.secondaryKey", given.secondary_key);
    put_if_given(device, "authentication.type", given.authentication);
    put_if_given(device, "authentication.x509Thumbprint.primaryThumbprint", given.primary_thumbprint);
    put_if_given(device, "authentication.x509Thumbprint.secondaryThumbprint", given.secondary_thumbprint);
    put_if_given(device, "status", given.status);
    put_if_given(device, "statusReason", given.status_reason);
    if (std::ranges::any_of(given.edge_flags, [](const CLI::Option* each) { return each->count() > 0; }))
        put_at(device, "capabilities.iotEdge", given.edge_enabled);
    for (const std::string& assignment : given.assignments)
        put_assignment(device, assignment);
}

int create(const device_options& given) {
    // Empty keys are what the service SDKs send to have them made (contract/rest.md, section 3).
    json::value device = {{"deviceId", given.id},
                          {"status", "enabled"},
                          {"authentication", {{"type", "sas"}, {"symmetricKey", {{"primaryKey", ""}, {"secondaryKey", ""}}}}}};
    put_options(device, given);
    print_device(given, put(given, device));
    return exit_ok;
}

int show(const device_options& given) {
    print_device(given, get(given));
    return exit_ok;
}

int list(const device_options& given) {
    print_device(given, ask(given, {.path = "/devices", .query = given.top ? fmt::format("&top={}", *given.top) : ""}));
    return exit_ok;
}

/// Reads, changes, writes back what is still as it was read: a change that came in between is not undone.
int update(const device_options& given) {
    json::value device = get(given);
    const auto version = version_of(device);
    put_options(device, given);
    print_device(given, put(given, device, version));
    return exit_ok;
}

/// A device that uses the other key goes on while one is renewed; after "swap" each has what the other was.
int renew_key(const device_options& given) {
    json::value device = get(given);
    if (device.at("authentication").at("type").as_string() != "sas")
        throw failed(exit_usage, fmt::format("{} has no keys: it signs in by certificate", given.id));
    json::value& keys = device.at("authentication").at("symmetricKey");
    if (given.renewed == "swap")
        swap(keys.at("primaryKey"), keys.at("secondaryKey"));
    else
        keys.at(given.renewed == "primary" ? "primaryKey" : "secondaryKey") = auth::random_key();
    print_device(given, put(given, device, version_of(device)));
    return exit_ok;
}

int remove(const device_options& given) {
    ask(given, {.method = verb::delete_, .path = device_path(given.id), .if_match = client::if_match(given.etag)});
    if (given.form == output_form::table)
        fmt::print("deleted {}\n", given.id);
    return exit_ok;
}

struct device_builder {
    CLI::App& device;
    action& chosen;

    /// A command of its own below `device`, with the options that all have.
    CLI::App& add(const char* name, const char* help, int (*perform)(const device_options&),
                  const std::shared_ptr<device_options>& given) const {
        CLI::App* command = device.add_subcommand(name, help);
        add_login_options(*command, given->hub);
        add_output_option(*command, given->form);
        command->callback([chosen = &chosen, perform, given] { *chosen = [perform, given] { return perform(*given); }; });
        return *command;
    }
};

void add_id(CLI::App& command, device_options& given) {
    command.add_option("-d,--device-id,id", given.id, "the device's id")->required()->type_name("ID");
}

void add_authentication(CLI::App& command, device_options& given) {
    static const std::map<std::string, std::string> methods = {
        {"shared_private_key", "sas"}, {"x509_thumbprint", "selfSigned"}, {"x509_ca", "certificateAuthority"}};
    const auto choose = [&given](const std::string& name) { given.authentication = methods.at(name); };
    command.add_option_function<std::string>("--auth-method,--am", choose, "how it signs in [shared_private_key]")
        ->check(CLI::IsMember({"shared_private_key", "x509_thumbprint", "x509_ca"}))
        ->type_name("METHOD");
    command.add_option("--primary-key,--pk", given.primary_key, "base64 of 16 to 64 bytes")->type_name("KEY");
    command.add_option("--secondary-key,--sk", given.secondary_key, "base64 of 16 to 64 bytes")->type_name("KEY");
    command.add_option("--primary-thumbprint,--ptp", given.primary_thumbprint, "of its certificate, SHA-1 or SHA-256 in hex")
        ->type_name("HEX");
    command.add_option("--secondary-thumbprint,--stp", given.secondary_thumbprint, "of another certificate")->type_name("HEX");
}

void add_properties(CLI::App& command, device_options& given) {
    add_authentication(command, given);
    command.add_option("--status,--sta", given.status, "whether it may connect")
        ->check(CLI::IsMember({"enabled", "disabled"}))
        ->type_name("STATUS");
    command.add_option("--status-reason,--star", given.status_reason, "why it has this status")->type_name("TEXT");
    given.edge_flags.push_back(
        command.add_flag("--edge-enabled,--ee", given.edge_enabled, "the device is an edge gateway; =false: it is not"));
}

} // namespace

void add_device_registry(CLI::App& device, action& chosen) {
    const device_builder commands{device, chosen};
    const auto given = std::make_shared<device_options>(); // one command runs, so all can share them

    CLI::App& creating = commands.add("create", "Register a device; keys that are not given are made by the hub.", create, given);
    add_id(creating, *given);
    add_properties(creating, *given);

    const auto shown = std::make_shared<device_options>();
    shown->form = output_form::json;
    CLI::App& showing = commands.add("show", "Print a device, with its keys.", show, shown);
    add_id(showing, *shown);

    CLI::App& listing = commands.add("list", "List devices.", list, given);
    listing.add_option("--top", given->top, "at most this many, 1 to 1000 [1000]")->check(CLI::Range(1, 1000))->type_name("N");

    CLI::App& updating = commands.add("update", "Change what is given of a device and leave the rest.", update, given);
    add_id(updating, *given);
    add_properties(updating, *given);
    updating.add_option("--set", given->assignments, "any property of the device's JSON, as path=value; may be repeated")
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->take_all();

    CLI::App& renewing = commands.add("renew-key", "Give a device a new key, or swap its two.", renew_key, given);
    add_id(renewing, *given);
    renewing.add_option("--key-type,--kt", given->renewed, "which key")
        ->required()
        ->check(CLI::IsMember({"primary", "secondary", "swap"}))
        ->type_name("KEY");

    CLI::App& removing = commands.add("delete", "Remove a device with all that waits for it.", remove, given);
    add_id(removing, *given);
    removing.add_option("-e,--etag", given->etag, "only if this is its version")->type_name("ETAG");
}

} // namespace capstan::cli
