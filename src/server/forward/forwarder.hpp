#pragma once
// Hands the events of one endpoint's log on to its files or its webhook: at least once, in the order of each partition.

#include <atomic>
#include <deque>
#include <filesystem>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "hub/telemetry/event_hub.hpp"
#include "server/forward/sink.hpp"
#include "server/forward/work_queue.hpp"

namespace capstan::server {

/// Has a thread of its own, as sinks wait for disks and networks. How far it has come is in a file beside the log.
class forwarder {
public:
    /// All outlive it. `progress`: none for a log that does not outlive the process.
    forwarder(std::string name, store::telemetry_log& from, std::unique_ptr<sink> to, std::optional<std::filesystem::path> progress,
              const wall_clock& clock);
    /// Waits for what is under way: for a sink's time-out at most.
    ~forwarder();
    forwarder(const forwarder&) = delete;
    forwarder& operator=(const forwarder&) = delete;

    /// Reads how far it came before. The error is for the operator: a file that does not read.
    std::expected<void, std::string> start();

    /// As destruction does; it can be asked for its progress afterwards.
    void stop();
    /// Any thread.
    hub::forwarding progress() const;

private:
    struct partition {
        store::sequence_number next = 0;
        wall_time not_before{};         ///< after trouble
        std::chrono::seconds pause{0};  ///< the last one
        std::string trouble{};
        store::telemetry_log::watch_id watch = 0;
    };
    std::expected<void, std::string> load();
    bool save();
    void run();
    bool hand_on(store::partition_id id);
    store::outcome<store::event_block> read(store::partition_id id);
    void note_trouble(store::partition_id id, const std::string& trouble);

    const std::string name_;
    store::telemetry_log& from_;
    const std::unique_ptr<sink> to_;
    const std::optional<std::filesystem::path> progress_;
    const wall_clock& clock_;
    work_queue queue_;
    std::vector<partition> partitions_;
    std::atomic<std::uint64_t> handed_on_{0}; ///< events, of all partitions, those that were lost too
    std::atomic<std::size_t> troubled_{0};    ///< partitions
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

} // namespace capstan::server
