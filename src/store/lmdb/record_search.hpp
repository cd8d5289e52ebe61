#pragma once
// Finding events in the records of one partition. Blocks on the disk: for the read pool.

#include "store/lmdb/segment_list.hpp"

namespace capstan::store::lmdb {

/// Those from `first` to known.next, for what lies behind may be of a round that failed. `known` may be older than what is stored: events
/// may have come, and been trimmed, since.
outcome<event_block> read_events(const segment_list& from, partition_id partition, const partition_state& known, sequence_number first,
                                 read_limits limits);

/// The first event enqueued after `time`; known.next when there is none before it. `known` may be older than what is stored.
outcome<sequence_number> find_event_after(const segment_list& in, partition_id partition, const partition_state& known, wall_time time);

} // namespace capstan::store::lmdb
