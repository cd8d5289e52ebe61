#pragma once
// The hub: what all connections and the REST interface share. It owns no socket and no thread; it is built from a store, the
// access policies, a clock and the run queues of the io threads, and must be destroyed after those have stopped.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "auth/access_policy.hpp"
#include "auth/resource.hpp"
#include "base/clock.hpp"
#include "base/run_queue.hpp"
#include "hub/peer_log.hpp"
#include "hub/settings.hpp"
#include "hub/telemetry/intake.hpp"
#include "hub/turns.hpp"
#include "store/store.hpp"

namespace capstan::hub {

class access;          // who may do what: tokens against policies and device keys        (hub/access.hpp)
class authorities;     // CAs whose signature makes a device's certificate a good one         (hub/registry/authorities.hpp)
class registry;        // devices: rules and JSON form                                    (hub/registry/registry.hpp)
class command_center;  // cloud-to-device queues of all devices, each on its home thread  (hub/commands/command_center.hpp)
class feedback_center; // feedback on its way to services                                 (hub/commands/feedback_center.hpp)
class event_hub;       // a log of telemetry, and who reads it                            (hub/telemetry/event_hub.hpp)
class hub_events;      // what the hub itself tells, where routes lead it                 (hub/telemetry/hub_events.hpp)
class presence;        // which device has links where                                    (hub/presence.hpp)
class registry_jobs;   // import and export of devices                                    (hub/jobs/registry_jobs.hpp)
class metrics;         // what the hub counts, for Prometheus                             (hub/metrics.hpp)
struct live_link;
namespace routing {
class router; // which message goes to which event hub                                    (hub/routing/router.hpp)
}

class hub {
public:
    /// All arguments outlive the hub. `threads` has at least one queue. `endpoint_logs`: of the endpoints of settings.routes, in their
    /// order.
    hub(const settings& settings, const auth::policy_set& policies, capstan::store::store& store, const wall_clock& clock,
        std::vector<run_queue*> threads, std::vector<capstan::store::telemetry_log*> endpoint_logs = {});
    ~hub();

    const settings& config() const { return settings_; }
    const wall_clock& clock() const { return clock_; }
    capstan::store::store& store() { return store_; }
    capstan::hub::access& access() { return *access_; }
    capstan::hub::registry& registry() { return *registry_; }
    capstan::hub::authorities& authorities() { return *authorities_; }
    capstan::hub::command_center& commands() { return *commands_; }
    capstan::hub::feedback_center& feedback() { return *feedback_; }
    /// The built-in one first, then those of the routes' endpoints.
    const std::vector<std::unique_ptr<event_hub>>& event_hubs() const { return event_hubs_; }
    event_hub& built_in_events() const { return *event_hubs_.front(); }
    /// By the name in an address; the hub's own name stands for the built-in one (contract/event-hubs.md, 1.1).
    event_hub* find_event_hub(const auth::segment& name) const;
    /// None when all telemetry goes to the built-in event hub as it is.
    routing::router* router() { return router_.get(); }
    capstan::hub::presence& presence() { return *presence_; }
    /// None when operations are not counted.
    capstan::hub::throttle* throttle() { return throttle_.get(); }
    /// What waits for its turn on this thread, and is looked at with each tick. To be touched on that thread only.
    turns& waiting_turns(std::size_t thread) { return turns_[thread]; }
    registry_jobs& jobs() { return *jobs_; }
    capstan::hub::metrics& metrics() { return *metrics_; }

    /// Bytes of telemetry, of all connections, that are with the store. Above in_flight_limit connections are not read from: the
    /// store would soon have to refuse what devices could as well keep (store/rocksdb/committer.cpp bounds what waits for it).
    std::atomic<std::size_t>& bytes_in_flight() { return bytes_in_flight_; }
    static constexpr std::size_t in_flight_limit = 64u << 20;
    /// The telemetry of that which has been handed to the store.
    capstan::hub::intake& intake() { return intake_; }

    /// Drives what happens by the clock: expiry, locks, feedback batches, token expiry, retention. Called about once a second on
    /// the queue `thread` for each of the io threads.
    void tick(std::size_t thread);

    /// Stores when devices were last heard of: once a minute, and for the last time when the hub stops.
    void save_activity();

    /// Other authorities, or other lists of revoked certificates, than before: live links that rest on a certificate which is not
    /// trusted any more end. Any thread.
    void look_again_at_certificates();

    /// The run queue on which the state of this device, or of this module by its key, lives.
    std::size_t home_of(std::string_view id) const;
    run_queue& queue(std::size_t thread) { return *threads_[thread]; }
    /// Of the lines that peers cause: two hundred a second are more than anybody reads, and 4 GB a day of disk at most.
    line_budget& log_lines() { return log_lines_; }
    std::size_t thread_count() const { return threads_.size(); }

private:
    void look_again_at_links_of(std::string_view device);
    void look_again(const live_link& link);
    void minutely();

    const settings& settings_;
    capstan::store::store& store_;
    const wall_clock& clock_;
    std::vector<run_queue*> threads_;
    std::atomic<std::size_t> bytes_in_flight_{0};
    capstan::hub::intake intake_;
    line_budget log_lines_{200};
    wall_time next_minute_{};               ///< on thread 0
    std::unique_ptr<capstan::hub::access> access_;
    std::unique_ptr<capstan::hub::registry> registry_;
    std::unique_ptr<capstan::hub::authorities> authorities_;
    std::unique_ptr<capstan::hub::presence> presence_;
    std::unique_ptr<capstan::hub::feedback_center> feedback_;
    std::unique_ptr<capstan::hub::command_center> commands_;
    std::vector<std::unique_ptr<event_hub>> event_hubs_;
    std::unique_ptr<routing::router> router_;
    std::unique_ptr<capstan::hub::throttle> throttle_;
    std::vector<turns> turns_; ///< by thread
    std::unique_ptr<hub_events> events_;
    std::unique_ptr<registry_jobs> jobs_;
    std::unique_ptr<capstan::hub::metrics> metrics_;
};

} // namespace capstan::hub
