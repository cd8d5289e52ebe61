#pragma once

#include <atomic>
#include <deque>
#include <mutex>

#include "store/block_builder.hpp"
#include "store/watch_list.hpp"

namespace capstan::store {

/// One record per append: a deque of them for each partition.
class memory_telemetry_log final : public telemetry_log {
public:
    memory_telemetry_log(const wall_clock& clock, partition_id partitions, const std::atomic<bool>& closed)
        : clock_(clock), closed_(closed), partitions_(partitions) {}

    partition_id partition_count() const override { return static_cast<partition_id>(partitions_.size()); }
    void append(partition_id partition, event_batch batch, reply_to<void> reply) override;
    void read(partition_id partition, sequence_number from, read_limits limits, reply_to<event_block> reply) override;
    void find_after(partition_id partition, wall_time time, reply_to<sequence_number> reply) override;
    partition_state state(partition_id partition) const override;
    watch_id watch(partition_id partition, run_queue& home, std::function<void(partition_state)> notify) override;
    void unwatch(watch_id id) override { watchers_.remove(id); }
    void trim(partition_id partition, wall_time time, reply_to<void> reply) override;

private:
    struct record {
        sequence_number first;
        std::size_t count;
        wall_time enqueued;
        std::shared_ptr<const bytes> framed;
    };
    struct stored_partition {
        partition_state state;
        std::deque<record> records;
    };

    event_block events_from(partition_id partition, sequence_number from, read_limits limits) const;

    const wall_clock& clock_;
    const std::atomic<bool>& closed_;
    watch_list watchers_;
    mutable std::mutex mutex_; ///< guards partitions_
    std::vector<stored_partition> partitions_;
};

} // namespace capstan::store
