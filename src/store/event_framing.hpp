#pragma once
// How an event lies in the log, in every implementation of it: docs/format/store.md, section 2.
//
//   event = pair_count annotations_size message_size   three varints
//           annotations message                        the bytes, as they will go to readers

#include <optional>
#include <vector>

#include "store/telemetry_log.hpp"

namespace capstan::store {

/// Stands in the header of whatever holds framed events. Raise it when the grammar changes; keep reading the older ones.
inline constexpr std::uint8_t event_framing_version = 1;

/// Views into the framed bytes.
struct framed_event {
    std::uint32_t pair_count;
    bytes_view annotations;
    bytes_view message;
};

/// Walks over framed events. Bytes that do not decode end the walk; nothing outside of `framed` is ever read.
class framed_events {
public:
    explicit framed_events(bytes_view framed) : rest_(framed) {}

    bool at_end() const { return rest_.empty(); }
    std::size_t remaining() const { return rest_.size(); } ///< bytes
    /// None when the bytes at this place are no event.
    std::optional<framed_event> next();

private:
    bytes_view rest_;
};

/// Some events of a batch, one behind the other. Points into the batch.
struct event_run {
    bytes_view framed;
    std::size_t count;
};

/// All events of the batches, in runs of at most `size_max` bytes; an event that is larger is one by itself.
std::vector<event_run> cut_into_runs(std::span<const event_batch> batches, std::size_t size_max);

} // namespace capstan::store
