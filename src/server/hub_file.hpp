#pragma once
// DIR/hub.json: who the hub is, and its keys. Made once, when the data folder is: the connection strings of all clients hang on
// it, so it is never made anew.

#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "auth/access_policy.hpp"
#include "base/clock.hpp"
#include "store/telemetry_log.hpp"

namespace capstan::server {

struct hub_file {
    std::string hub_id; ///< a UUID
    wall_time created{};
    store::partition_id partitions = 4;
    std::string event_hub; ///< name of the event-hub-compatible endpoint
    auth::policy_set policies;
    std::vector<std::string> consumer_groups{}; ///< beside $Default
};

/// {"version":1,"hub_id":"..","created":1700000000000,"partitions":4,"event_hub":"..",
///  "policies":[{"name":"..","rights":"RegistryRead, ServiceConnect","primary_key":"..","secondary_key":".."}],
///  "consumer_groups":[".."]}
std::string to_json(const hub_file& value);

/// The errors name the file and quote nothing of it.
std::expected<hub_file, std::string> read_hub_file(const std::filesystem::path& file);

/// Only the owner may read it.
std::expected<void, std::string> write_hub_file(const std::filesystem::path& file, const hub_file& value);

} // namespace capstan::server
