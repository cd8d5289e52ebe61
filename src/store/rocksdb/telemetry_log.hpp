#pragma once

#include <mutex>

#include "store/event_framing.hpp"
#include "store/rocksdb/committer.hpp"
#include "store/rocksdb/read_pool.hpp"
#include "store/watch_list.hpp"

namespace capstan::store {

/// Events are numbered and dated by the committer, when their round is complete.
class rocksdb_telemetry_log final : public telemetry_log, public round_member {
public:
    rocksdb_telemetry_log(database_slot& data, committer& writes, read_pool& reads, const wall_clock& clock);

    partition_id partition_count() const override { return static_cast<partition_id>(round_.size()); }
    void append(partition_id partition, event_batch batch, reply_to<void> reply) override;
    void read(partition_id partition, sequence_number from, read_limits limits, reply_to<event_block> reply) override;
    void find_after(partition_id partition, wall_time time, reply_to<sequence_number> reply) override;
    partition_state state(partition_id partition) const override;
    watch_id watch(partition_id partition, run_queue& home, std::function<void(partition_state)> notify) override;
    void unwatch(watch_id id) override { watchers_.remove(id); }
    void trim(partition_id partition, wall_time time, reply_to<void> reply) override;

    outcome<void> recover(database& data) override;
    void seal(write_round& round) override;
    void committed() override;
    void abandoned() override;

private:
    /// What a round does to a partition. Between rounds `after` is what is durable. Committer's thread only.
    struct round_of_partition {
        std::vector<event_batch> batches;
        bool trimmed = false;
        partition_state after;
    };

    void publish();
    void put_records(partition_id partition, round_of_partition& part, write_round& round);
    void put_record(partition_id partition, std::span<const event_run> runs, partition_state& after, write_round& round);
    outcome<void> forget_before(partition_id partition, sequence_number begin, write_round& round);
    void free_files_before(partition_id partition, sequence_number begin);

    database_slot& data_;
    committer& writes_;
    read_pool& reads_;
    const wall_clock& clock_;
    watch_list watchers_;
    std::vector<round_of_partition> round_;
    mutable std::mutex mutex_; ///< guards states_
    std::vector<partition_state> states_;
};

} // namespace capstan::store
