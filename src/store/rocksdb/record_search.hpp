#pragma once
// Finding events in the records of one partition. Blocks on the disk: for the read pool.

#include "store/rocksdb/database.hpp"

namespace capstan::store {

/// `known` may be older than what is stored: events may have come, and been trimmed, since.
outcome<event_block> read_events(database& from, partition_id partition, const partition_state& known, sequence_number first,
                                 read_limits limits);

/// The first event enqueued after `time`; known.next when there is none before it. `known` may be older than what is stored.
outcome<sequence_number> find_event_after(database& in, partition_id partition, const partition_state& known, wall_time time);

/// Where a partition ends: its last record, or what the last trim left behind when there is none.
outcome<partition_state> recover_partition(database& in, partition_id partition);

} // namespace capstan::store
