#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "hub/routing/routes.hpp"
#include "hub/throttle.hpp"

namespace capstan::hub {

/// The hub's rules with their limits. Defaults are Azure's (contract/semantics.md, sections 1.4, 1.5, 2, 3.5).
struct settings {
    std::string name = "localhost";                  ///< the hub's short name: first label of its host name
    std::vector<std::string> host_names{"localhost"}; ///< the first one stands in connection strings and redirects
    std::uint16_t amqps_port = 5671;                 ///< the real one, as redirects name it
    std::string event_hub = "localhost";             ///< entity path of the event-hub-compatible endpoint
    std::chrono::sys_time<std::chrono::milliseconds> created{};

    std::chrono::seconds command_ttl{3600};
    std::chrono::seconds command_ttl_max{2 * 24 * 3600};
    std::chrono::seconds command_lock{60};
    std::uint32_t max_delivery_count = 10;
    bool count_lock_timeouts = false; ///< a lock that ran out counts as a delivery, as an abandon does
    std::size_t command_queue_depth = 50;
    std::size_t command_size_max = 64 * 1024;
    std::size_t dead_letters = 50; ///< of each device: the oldest go first; 0: none are kept
    std::chrono::seconds dead_letter_life{2 * 24 * 3600};

    std::chrono::seconds feedback_ttl{3600};
    std::chrono::seconds feedback_lock{60};
    std::uint32_t feedback_max_delivery_count = 10;
    std::size_t feedback_batch_max = 64;
    std::chrono::milliseconds feedback_batch_time{15'000};

    std::size_t telemetry_size_max = 256 * 1024;
    std::chrono::seconds telemetry_retention{24 * 3600};
    std::vector<std::string> consumer_groups{}; ///< beside $Default, at the start
    std::size_t consumer_groups_max = 20;      ///< of an event hub, $Default among them
    std::size_t readers_max = 5; ///< without epoch, per consumer group and partition

    bool one_connection_per_device = true; ///< a link on a new one ends that of its type on another

    throttle_tier throttling = throttle_tier::none;
    std::uint32_t units = 1; ///< of the tier

    routing::routes routes{}; ///< have been checked
};

} // namespace capstan::hub
