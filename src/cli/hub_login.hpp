#pragma once
// Which hub the command line talks to, and as whom: the one of a data folder on this machine, or the one of a connection string.

#include <cstdint>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include <capstan/device_client.hpp>
#include <capstan/service_identity.hpp>

#include "server/config.hpp"

namespace capstan::cli {

/// The options that the commands share.
struct hub_options {
    std::optional<std::string> login;
    std::optional<std::string> folder;
    std::optional<std::string> name; ///< as az names a hub: only compared with what the login says
    std::string policy = "iothubowner"; ///< of the folder's hub, to sign in with
    std::optional<std::string> config_file;
    std::optional<std::string> ca;
    std::optional<std::string> proxy; ///< a URL
    std::optional<std::uint16_t> https_port, amqps_port;
    bool websockets = false;
    bool secondary_key = false; ///< of that policy

    /// --login, or what the environment has where no folder is named either.
    std::optional<std::string> chosen_login() const;
};

/// What --data means: the hub's folder, as with `serve`, or a message's body, as in az.
enum class data_is : std::uint8_t { folder, body };

void add_login_options(CLI::App& command, hub_options& options,
                       data_is data = data_is::folder); ///< --hub, --hub-name, --config, --login, --ca, --proxy, --https-port
void add_amqp_options(CLI::App& command, hub_options& options, data_is data = data_is::folder); ///< all these, --amqps-port, --websockets

/// The configuration that `serve` would have with the same --config, its --data as --hub, and the environment.
server::config load_config_for(const hub_options& options);

/// What the client library needs.
struct hub_login {
    std::string host; ///< the hub's name, without a port
    std::string connection_string; ///< of a policy; with --login it may be a device's
    std::string device_id; ///< of a device's connection string
    client_options options;
};

/// Throws `failed`: exit_unreachable when the folder's hub is not running, exit_usage for all else.
hub_login log_in(const hub_options& options);
/// The same, for what a device may not do.
hub_login log_in_as_service(const hub_options& options);

/// This device, signed in with its own key where the login is that of a device, otherwise on its behalf with the policy's. An empty
/// id is the login's own.
device_identity as_device(const hub_login& login, const std::string& id);
/// The same, for REST.
service_identity as_rest_device(const hub_login& login, const std::string& id);

} // namespace capstan::cli
