#pragma once
// What lies in the segments, as bytes: docs/format/store.md, section 4. What does not decode, in full and with nothing left over,
// comes back as none.

#include <optional>

#include "store/block_builder.hpp"

namespace capstan::store::records {

/// In front of the framed events of a record. The version is event_framing_version.
bytes header(wall_time enqueued, std::size_t count);
/// The record, whose first event has the number, points into `record`. The events in it are not looked at.
std::optional<event_record> decode(sequence_number first, bytes_view record);

bytes encode(const partition_state& state);
std::optional<partition_state> decode_state(bytes_view value);

} // namespace capstan::store::records
