#pragma once

#include "store/lmdb/event_committer.hpp"
#include "store/read_pool.hpp"

namespace capstan::store::lmdb {

class lmdb_telemetry_log final : public telemetry_log {
public:
    /// `reads` outlives it.
    lmdb_telemetry_log(std::unique_ptr<segment_list> segments, read_pool& reads, const wall_clock& clock,
                       event_committer::surroundings where);

    /// Once, before anything else.
    outcome<void> start() { return writes_.start(); }
    void stop() { writes_.stop(); }
    std::optional<failure> trouble() const { return writes_.trouble(); }
    commit_counts commits() const { return writes_.commits(); }

    partition_id partition_count() const override { return partitions_; }
    void append(partition_id partition, event_batch batch, reply_to<void> reply) override;
    void read(partition_id partition, sequence_number from, read_limits limits, reply_to<event_block> reply) override;
    void find_after(partition_id partition, wall_time time, reply_to<sequence_number> reply) override;
    partition_state state(partition_id partition) const override { return writes_.state(partition); }
    watch_id watch(partition_id partition, run_queue& home, std::function<void(partition_state)> notify) override;
    void unwatch(watch_id id) override { watchers_.remove(id); }
    void trim(partition_id partition, wall_time time, reply_to<void> reply) override;

private:
    const partition_id partitions_;
    std::unique_ptr<segment_list> segments_;
    read_pool& reads_;
    watch_list watchers_;
    event_committer writes_;
};

} // namespace capstan::store::lmdb
