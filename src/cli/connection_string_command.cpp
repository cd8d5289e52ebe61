#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "auth/connection_string.hpp"
#include "cli/device_commands.hpp"
#include "cli/failed.hpp"
#include "cli/hub_login.hpp"
#include "cli/output.hpp"
#include "cli/wait_for.hpp"
#include "server/data_folder.hpp"
#include "server/endpoint_hubs.hpp"
#include "server/host_name.hpp"
#include "server/stored_device.hpp"

namespace capstan::cli {
namespace {

constexpr std::uint16_t usual_amqps_port = 5671;
constexpr std::uint16_t usual_amqp_port = 5672;
constexpr std::uint16_t usual_https_port = 443;

struct connection_string_options {
    hub_options hub;
    std::string policy = "iothubowner";
    std::optional<std::string> device;
    bool event_hub = false;
    std::optional<std::string> entity; ///< an endpoint of the routes
    bool emulator = false;
    bool secondary = false;
    output_form form = output_form::text;

    const std::string& key_of(const auth::access_policy& of) const { return secondary ? of.secondary_key : of.primary_key; }
};

/// Where clients find the hub: as it runs, or as it is configured to when it does not.
struct whereabouts {
    std::string host;
    std::uint16_t amqps_port;
    std::uint16_t https_port;
    std::optional<std::uint16_t> amqp_port; ///< without TLS
};

whereabouts find_out(const server::config& config) {
    if (const auto running = server::read_endpoints(server::endpoints_file_in(config.data.folder)))
        return {running->hostnames.front(), running->amqps_port, running->https_port, running->amqp_port};
    return {config.hub.hostnames.front(), config.listen.amqps_port, config.listen.https_port, config.listen.amqp_port};
}

const auth::access_policy& policy_named(const server::hub_file& hub, const std::string& name) {
    if (const auth::access_policy* found = hub.policies.find(name))
        return *found;
    std::string names;
    for (const auth::access_policy& one : hub.policies.all())
        names += (names.empty() ? "" : ", ") + one.name;
    throw failed(exit_usage, fmt::format("the hub has no policy '{}'; it has {}", name, names));
}

/// A HostName has no port: Azure's SDKs always go to 5671 and 443, and most take "host:port" for a host name (contract/event-hubs.md,
/// section 8). An Endpoint has one if it must, for most Event Hubs SDKs heed it.
void warn_of_ports(const whereabouts& where, bool event_hub) {
    if (where.amqps_port != usual_amqps_port)
        fmt::print(stderr, "note: this hub's AMQPS port is {}; Azure's IoT SDKs{} always connect to {}\n", where.amqps_port,
                   event_hub ? " and Event Hubs for Python" : "", usual_amqps_port);
    if (!event_hub && where.https_port != usual_https_port)
        fmt::print(stderr, "note: this hub's HTTPS port is {}; Azure's IoT SDKs always connect to {}\n", where.https_port,
                   usual_https_port);
}

/// `key`: none for a device that signs in by certificate.
std::string device_string(const connection_string_options& chosen, const std::string& host, const std::optional<std::string>& key) {
    auth::hub_connection_string value;
    value.host_name = host;
    value.device_id = *chosen.device;
    value.key = key.value_or("");
    value.x509 = !key;
    return auth::to_text(value);
}

/// Of a hub that runs, here or elsewhere.
std::optional<std::string> key_from_hub(const connection_string_options& chosen) {
    const auto device = ask_hub(log_in_as_service(chosen.hub), {.path = device_path(*chosen.device)});
    const auto& authentication = device.at("authentication");
    if (authentication.at("type").as_string() != "sas")
        return std::nullopt;
    return authentication.at("symmetricKey").at(chosen.secondary ? "secondaryKey" : "primaryKey").as_string().c_str();
}

/// Of a hub that does not run: its store is there to be read.
std::optional<std::string> key_from_folder(const connection_string_options& chosen, const server::config& config) {
    const auto device = value_or_fail(server::read_stored_device(config.data.folder, *chosen.device), exit_unreachable);
    if (!device)
        throw failed(exit_refused, fmt::format("the hub in {} has no device '{}'", config.data.folder.string(), *chosen.device));
    if (device->authentication != store::authentication_type::sas)
        return std::nullopt;
    return chosen.secondary ? device->secondary_key : device->primary_key;
}

/// What tells where a hub listens is left behind by one that was killed: then nobody answers there.
std::optional<std::string> key_from_either(const connection_string_options& chosen, const server::config& config) {
    if (!server::read_endpoints(server::endpoints_file_in(config.data.folder)))
        return key_from_folder(chosen, config);
    try {
        return key_from_hub(chosen);
    } catch (const failed& why) {
        if (why.code != exit_unreachable || !server::read_stored_device(config.data.folder, *chosen.device))
            throw;
    }
    return key_from_folder(chosen, config);
}

/// The event hub's name: the built-in one's, or that of an endpoint which the configuration has, or the hub has had when it last ran.
const std::string& entity_of(const connection_string_options& chosen, const server::config& config, const server::hub_file& of) {
    if (!chosen.entity || *chosen.entity == hub::routing::built_in_name || *chosen.entity == of.event_hub)
        return of.event_hub;
    const auto& endpoints = config.routes.endpoints;
    std::error_code ignored;
    if (std::ranges::find(endpoints, *chosen.entity, &hub::routing::endpoint::name) == endpoints.end() &&
        !std::filesystem::is_directory(server::endpoint_folder_in(config.data.folder, *chosen.entity), ignored))
        throw failed(exit_usage, fmt::format("the routes have no endpoint '{}'", *chosen.entity));
    return *chosen.entity;
}

std::string event_hub_string(const connection_string_options& chosen, const server::config& config, const server::hub_file& hub,
                             const whereabouts& where) {
    if (chosen.emulator && !where.amqp_port)
        throw failed(exit_usage, "the hub has no port without TLS: capstan serve --amqp-port 5672 opens one");
    const std::uint16_t usual = chosen.emulator ? usual_amqp_port : usual_amqps_port;
    const std::uint16_t real = chosen.emulator ? *where.amqp_port : where.amqps_port;
    const std::string port = real == usual ? "" : fmt::format(":{}", real);
    const auth::access_policy& policy = policy_named(hub, "service");
    return auth::to_text(auth::event_hub_connection_string{fmt::format("sb://{}{}/", server::host_in_url(where.host), port), policy.name,
                                                           chosen.key_of(policy), entity_of(chosen, config, hub), chosen.emulator});
}

std::string policy_string(const connection_string_options& chosen, const server::hub_file& hub, const std::string& host) {
    const auth::access_policy& policy = policy_named(hub, chosen.policy);
    auth::hub_connection_string value;
    value.host_name = host;
    value.policy = policy.name;
    value.key = chosen.key_of(policy);
    return auth::to_text(value);
}

void print_text(const connection_string_options& chosen, const std::string& text) {
    static constexpr column columns[] = {{"CONNECTION STRING", "/connectionString"}};
    print(chosen.form, text, columns, boost::json::object{{"connectionString", text}}); // az's name for it
}

int print_own(const connection_string_options& chosen) {
    const server::config config = load_config_for(chosen.hub);
    const server::hub_file hub = value_or_fail(server::read_hub_file(server::hub_file_in(config.data.folder)));
    const whereabouts where = find_out(config);
    const std::string text = chosen.device      ? device_string(chosen, where.host, key_from_either(chosen, config))
                             : chosen.event_hub ? event_hub_string(chosen, config, hub, where)
                                                : policy_string(chosen, hub, where.host);
    if (!chosen.emulator)
        warn_of_ports(where, chosen.event_hub);
    print_text(chosen, text);
    return exit_ok;
}

/// Of a hub that is elsewhere only devices can be asked for: policies and their keys are in its data folder.
int print_connection_string(const connection_string_options& chosen) {
    if (!chosen.hub.chosen_login())
        return print_own(chosen);
    if (!chosen.device)
        throw failed(exit_usage, "with --login there are connection strings of devices only: --device-id ID");
    print_text(chosen, device_string(chosen, log_in(chosen.hub).host, key_from_hub(chosen)));
    return exit_ok;
}

void add_key_type(CLI::App& command, const std::shared_ptr<connection_string_options>& given) {
    command
        .add_option_function<std::string>(
            "--key-type,--kt", [given](const std::string& which) { given->secondary = which == "secondary"; },
            "which of the two keys [primary]")
        ->check(CLI::IsMember({"primary", "secondary"}))
        ->type_name("KEY");
}

void add_what(CLI::App& command, const std::shared_ptr<connection_string_options>& given) {
    add_login_options(command, given->hub);
    add_output_option(command, given->form);
    auto* policy = command.add_option("--policy-name,--policy,--pn", given->policy, "the policy to sign in with [iothubowner]");
    auto* device = command.add_option("-d,--device-id,--device", given->device, "for this device");
    auto* event_hub = command.add_flag("--default-eventhub,--event-hub,--eh", given->event_hub,
                                       "for Event Hubs clients, to read telemetry (policy 'service')");
    policy->type_name("NAME")->excludes(device)->excludes(event_hub);
    device->type_name("ID")->excludes(event_hub);
    command.add_option("-e,--event-hub-name", given->entity, "of this endpoint of the routes [events: the built-in one]")
        ->needs(event_hub)
        ->type_name("NAME");
    command
        .add_flag("--development-emulator", given->emulator, "for Event Hubs clients without TLS; the hub needs its --amqp-port for that")
        ->needs(event_hub);
    add_key_type(command, given);
    command.footer("Examples:\n"
                   "  capstan connection-string show --hub ./hub\n"
                   "  capstan connection-string show --hub ./hub --policy-name service\n"
                   "  capstan connection-string show --hub ./hub --device-id dev1\n"
                   "  capstan connection-string show --hub ./hub --default-eventhub\n"
                   "  capstan connection-string show --hub ./hub --default-eventhub --event-hub-name alarms\n"
                   "Only the connection string goes to stdout; notes on unusual ports go to stderr.");
}

} // namespace

void add_connection_string(CLI::App& program, action& chosen) {
    const char* help = "Print a connection string: of a policy, a device, for Event Hubs.";
    CLI::App* command = program.add_subcommand("connection-string", help);
    CLI::App* show = command->add_subcommand("show", help);
    command->require_subcommand(0, 1);
    const auto given = std::make_shared<connection_string_options>();
    for (CLI::App* each : {command, show})
        add_what(*each, given);
    command->callback([&chosen, given] { chosen = [given] { return print_connection_string(*given); }; });
}

/// `capstan device connection-string show -d ID`, as az has it below device-identity.
void add_device_connection_string(CLI::App& device, action& chosen) {
    const char* help = "Print the connection string of a device.";
    CLI::App* show = device.add_subcommand("connection-string", help)->add_subcommand("show", help);
    device.get_subcommand("connection-string")->require_subcommand(1);
    const auto given = std::make_shared<connection_string_options>();
    add_login_options(*show, given->hub);
    add_output_option(*show, given->form);
    show->add_option("-d,--device-id,id", given->device, "the device's id")->required()->type_name("ID");
    add_key_type(*show, given);
    show->callback([&chosen, given] { chosen = [given] { return print_connection_string(*given); }; });
}

} // namespace capstan::cli
