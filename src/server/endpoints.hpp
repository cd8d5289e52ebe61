#pragma once
// Where a running hub is to be found: the ready file, and DIR/endpoints.json for the command line tools.

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace capstan::server {

struct endpoints {
    std::vector<std::string> hostnames;
    std::uint16_t amqps_port = 0; ///< the real ones
    std::uint16_t https_port = 0;
    std::filesystem::path data_folder; ///< absolute
    std::filesystem::path ca;          ///< absolute: what clients must trust
    std::int64_t pid = 0;
    std::string bind{}; ///< the address it listens on, as configured
    std::optional<std::uint16_t> amqp_port{}; ///< without TLS, where there is one
};

/// {"hostnames":[..],"amqps_port":5671,"https_port":443,"data_folder":"..","ca_path":"..","pid":1,"bind":"0.0.0.0"}, and
/// "amqp_port" where there is one
std::string to_json(const endpoints& value);

std::expected<void, std::string> write_endpoints(const std::filesystem::path& file, const endpoints& value);

/// The error says that no hub is running when there is no such file.
std::expected<endpoints, std::string> read_endpoints(const std::filesystem::path& file);

} // namespace capstan::server
