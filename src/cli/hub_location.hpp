#pragma once
// Which hub the command line talks to, and as whom: the one of a data folder on this machine, or the one of a connection string.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "auth/connection_string.hpp"
#include "server/config.hpp"

namespace capstan::cli {

/// The options that the commands share.
struct hub_options {
    std::optional<std::string> login;
    std::optional<std::string> data;
    std::optional<std::string> config_file;
    std::optional<std::string> ca;
    std::optional<std::uint16_t> https_port;
};

void add_folder_options(CLI::App& command, hub_options& options); ///< --data, --config
void add_login_options(CLI::App& command, hub_options& options);  ///< --login, --ca, --https-port

/// The configuration that `serve` would have with the same --config, --data and environment.
server::config load_config_for(const hub_options& options);

struct hub_location {
    std::string host;                        ///< its name: in its certificate, in tokens
    std::uint16_t https_port = 443;
    std::vector<std::string> dial;           ///< names and addresses to try, in this order
    std::optional<std::filesystem::path> ca; ///< none: the system's CAs
    std::string policy;
    std::string key;                         ///< base64
};

/// Throws `failed`: exit_unreachable when the folder's hub is not running, exit_usage for all else.
hub_location locate_hub(const hub_options& options);

} // namespace capstan::cli
