#include "cli/hub_location.hpp"

#include <charconv>

#include <fmt/format.h>

#include "auth/resource.hpp"
#include "cli/failed.hpp"
#include "server/data_folder.hpp"

namespace capstan::cli {
namespace {

std::uint16_t port_from(const std::string& text) {
    std::uint16_t port = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
        throw failed(exit_usage, fmt::format("the connection string's HostName has the port '{}', which is not a number to 65535", text));
    return port;
}

hub_location location_from_login(const std::string& text) {
    const auth::hub_connection_string login = value_or_fail(auth::parse_hub_connection_string(text));
    if (login.policy.empty() || login.key.empty())
        throw failed(exit_usage, "--login needs a connection string with SharedAccessKeyName, not a device's");
    const auth::resource host = auth::parse_scope(login.host_name);
    hub_location location{host.host, 443, {host.host}, {}, login.policy, login.key};
    if (!host.port.empty())
        location.https_port = port_from(host.port);
    return location;
}

/// The hub's first name may not resolve here, or lead elsewhere: its own machine is asked first, and its certificate tells.
hub_location location_from_folder(const hub_options& options) {
    const std::filesystem::path folder = load_config_for(options).data.folder;
    const server::hub_file hub = value_or_fail(server::read_hub_file(server::hub_file_in(folder)));
    const auth::access_policy* owner = hub.policies.find("iothubowner");
    if (owner == nullptr)
        throw failed(exit_usage, fmt::format("{} has no policy 'iothubowner'; use --login", server::hub_file_in(folder).string()));
    const server::endpoints running = value_or_fail(server::read_endpoints(server::endpoints_file_in(folder)), exit_unreachable);
    hub_location location{running.hostnames.front(), running.https_port, {"127.0.0.1", "::1", running.hostnames.front()}, {}, owner->name,
                          owner->primary_key};
    if (!running.ca.empty())
        location.ca = running.ca;
    return location;
}

} // namespace

void add_folder_options(CLI::App& command, hub_options& options) {
    command.add_option("--data", options.data, fmt::format("the hub's data folder [{}]", server::config{}.data.folder.string()))
        ->type_name("DIR");
    command.add_option("--config", options.config_file, "the hub's configuration file, to take data.folder from")->type_name("FILE");
}

void add_login_options(CLI::App& command, hub_options& options) {
    command
        .add_option("--login", options.login,
                    "connection string of a hub anywhere: HostName=host[:port];SharedAccessKeyName=..;SharedAccessKey=..")
        ->type_name("STRING")
        ->excludes(command.get_option("--data"));
    command
        .add_option("--ca", options.ca, "CA that the hub's certificate must come from (PEM) [the data folder's; with --login the system's]")
        ->type_name("FILE");
    command.add_option("--https-port", options.https_port, "the hub's HTTPS port [as it runs; with --login HostName's, or 443]")
        ->type_name("PORT");
}

server::config load_config_for(const hub_options& options) {
    server::config_sources sources{options.config_file, server::process_environment(), {}};
    if (options.data)
        sources.flags.push_back({"--data", "data.folder", {*options.data}});
    return value_or_fail(server::load_config(sources));
}

hub_location locate_hub(const hub_options& options) {
    hub_location location = options.login ? location_from_login(*options.login) : location_from_folder(options);
    if (options.ca)
        location.ca = *options.ca;
    location.https_port = options.https_port.value_or(location.https_port);
    return location;
}

} // namespace capstan::cli
