#pragma once
// Gathers what a read gives back from the records that it comes across, whichever log they lie in.

#include "store/telemetry_log.hpp"

namespace capstan::store {

/// Some events that were stored together: first, first + 1, …, all enqueued at the same time.
struct event_record {
    sequence_number first = 0;
    std::size_t count = 0;
    wall_time enqueued{};
    bytes_view framed; ///< docs/format/store.md, section 2
};

class block_builder {
public:
    block_builder(sequence_number from, read_limits limits) : from_(from), limits_(limits) {}

    /// Adds the events of the record that the read asks for, until it has enough. The views point into the record; `memory`
    /// holds its bytes. False when the record does not decode: the events before the damage stay.
    bool add(const event_record& record, std::shared_ptr<const bytes> memory);

    bool full() const { return block_.events.size() >= limits_.events || block_.size >= limits_.bytes; }
    bool empty() const { return block_.events.empty(); }
    event_block take() { return std::move(block_); }

private:
    sequence_number from_;
    read_limits limits_;
    event_block block_;
};

} // namespace capstan::store
