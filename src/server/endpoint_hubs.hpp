#pragma once
// The endpoints of the routes as they lie on disk: event-hubs/{name}/log, a store of its own that holds the endpoint's events, and
// event-hubs/{name}/progress.json, how far they were handed on; and event-hubs/{name}/consumer-groups.json, those that are not in the
// configuration.

#include <memory>
#include <vector>

#include "hub/hub.hpp"
#include "server/config.hpp"
#include "server/forward/forwarder.hpp"
#include "store/store.hpp"

namespace capstan::server {

/// Of the endpoint with this name.
std::filesystem::path endpoint_folder_in(const std::filesystem::path& data_folder, std::string_view name);

class endpoint_hubs {
public:
    /// Opens the logs, or makes them. Refuses what a store refuses (store/store.hpp): another number of partitions, for one.
    static std::expected<endpoint_hubs, std::string> open(const config& settings, const std::filesystem::path& data_folder,
                                                          const wall_clock& clock);

    /// In the order of the configuration.
    std::vector<store::telemetry_log*> logs() const;

    /// Starts to hand on, and lets the hub's event hubs know how far it has come, and which consumer groups they have. `settings` outlives
    /// this, as this does the hub's threads.
    std::expected<void, std::string> start(const config& settings, const std::filesystem::path& data_folder, const wall_clock& clock,
                                           hub::hub& hub);

    /// Stops handing on, then closes the logs: after the io threads' last append, while their run queues still run.
    void close();

private:
    std::vector<std::unique_ptr<store::store>> stores_;
    std::vector<std::unique_ptr<forwarder>> forwarders_;
};

} // namespace capstan::server
