#pragma once
// One event hub: a log of events in partitions, and who reads it. The built-in endpoint is one; each endpoint of the routes is another.

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "hub/telemetry/consumer_groups.hpp"
#include "hub/telemetry/readers.hpp"

namespace capstan::hub {

/// How events are handed on to a file or a webhook.
struct forwarding {
    std::uint64_t waiting = 0; ///< events that it has not taken yet
    bool healthy = true;
};

/// Thread-safe, but for what is said to be for one thread.
class event_hub {
public:
    /// The log outlives it.
    event_hub(std::string name, store::telemetry_log& log, std::chrono::seconds retention, std::vector<std::string> groups,
              const settings& rules);

    const std::string& name() const { return name_; }
    store::telemetry_log& log() const { return log_; }
    capstan::hub::readers& readers() { return readers_; }
    capstan::hub::consumer_groups& consumer_groups() { return consumer_groups_; }

    /// Set before the first use, where events are handed on. Called by any thread.
    std::function<forwarding()> forwarded;

    /// On `home` only, whenever it is due: gives back what is older than the retention.
    void forget_old(wall_time now, run_queue& home);

private:
    void on_forgotten(store::partition_id partition, const store::outcome<void>& result);

    const std::string name_;
    store::telemetry_log& log_;
    const std::chrono::seconds retention_;
    capstan::hub::readers readers_;
    capstan::hub::consumer_groups consumer_groups_;
    std::vector<std::string> trouble_; ///< by partition: why its last trim failed, or nothing
};

} // namespace capstan::hub
