#include <memory>
#include <optional>

#include <fmt/format.h>

#include "auth/connection_string.hpp"
#include "cli/commands.hpp"
#include "cli/failed.hpp"
#include "cli/hub_client.hpp"
#include "cli/hub_location.hpp"
#include "server/data_folder.hpp"
#include "server/host_name.hpp"

namespace capstan::cli {
namespace {

constexpr std::uint16_t usual_amqps_port = 5671;
constexpr std::uint16_t usual_https_port = 443;

struct options {
    hub_options hub;
    std::string policy = "iothubowner";
    std::optional<std::string> device;
    bool event_hub = false;
};

/// Where clients find the hub: as it runs, or as it is configured to when it does not.
struct whereabouts {
    std::string host;
    std::uint16_t amqps_port;
    std::uint16_t https_port;
};

whereabouts find_out(const server::config& config) {
    if (const auto running = server::read_endpoints(server::endpoints_file_in(config.data.folder)))
        return {running->hostnames.front(), running->amqps_port, running->https_port};
    return {config.hub.hostnames.front(), config.listen.amqps_port, config.listen.https_port};
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

std::string device_string(const options& chosen, const std::string& host) {
    const wall_time now = system_wall_clock().now();
    const boost::json::value device =
        ask_hub(locate_hub(chosen.hub), {boost::beast::http::verb::get, device_path(*chosen.device), "", "", {}}, now);
    const boost::json::value& authentication = device.at("authentication");
    auth::hub_connection_string value;
    value.host_name = host;
    value.device_id = *chosen.device;
    if (authentication.at("type").as_string() == "sas")
        value.key = authentication.at("symmetricKey").at("primaryKey").as_string().c_str();
    else
        value.x509 = true;
    return auth::to_text(value);
}

std::string event_hub_string(const server::hub_file& hub, const whereabouts& where) {
    const std::string port = where.amqps_port == usual_amqps_port ? "" : fmt::format(":{}", where.amqps_port);
    const auth::access_policy& policy = policy_named(hub, "service");
    return auth::to_text(auth::event_hub_connection_string{fmt::format("sb://{}{}/", server::host_in_url(where.host), port), policy.name,
                                                           policy.primary_key, hub.event_hub, false});
}

std::string policy_string(const server::hub_file& hub, const std::string& name, const std::string& host) {
    const auth::access_policy& policy = policy_named(hub, name);
    auth::hub_connection_string value;
    value.host_name = host;
    value.policy = policy.name;
    value.key = policy.primary_key;
    return auth::to_text(value);
}

int print_connection_string(const options& chosen) {
    const server::config config = load_config_for(chosen.hub);
    const server::hub_file hub = value_or_fail(server::read_hub_file(server::hub_file_in(config.data.folder)));
    const whereabouts where = find_out(config);
    const std::string text = chosen.device      ? device_string(chosen, where.host)
                             : chosen.event_hub ? event_hub_string(hub, where)
                                                : policy_string(hub, chosen.policy, where.host);
    warn_of_ports(where, chosen.event_hub);
    fmt::print("{}\n", text);
    return exit_ok;
}

} // namespace

void add_connection_string(CLI::App& program, action& chosen) {
    CLI::App* command = program.add_subcommand("connection-string", "Print a connection string of the hub of a data folder.");
    auto given = std::make_shared<options>();
    add_folder_options(*command, given->hub);
    auto* policy =
        command->add_option("--policy", given->policy, "for services: the policy to sign in with [iothubowner]")->type_name("NAME");
    auto* device = command->add_option("--device", given->device, "for this device; the hub must be running")->type_name("ID");
    auto* event_hub = command->add_flag("--event-hub", given->event_hub, "for Event Hubs clients, to read telemetry (policy 'service')");
    policy->excludes(device)->excludes(event_hub);
    device->excludes(event_hub);
    command->footer("Examples:\n"
                    "  capstan connection-string --data ./hub\n"
                    "  capstan connection-string --data ./hub --policy service\n"
                    "  capstan connection-string --data ./hub --device dev1\n"
                    "  capstan connection-string --data ./hub --event-hub\n"
                    "Only the connection string goes to stdout; notes on unusual ports go to stderr.");
    command->callback([&chosen, given] { chosen = [given] { return print_connection_string(*given); }; });
}

} // namespace capstan::cli
