#pragma once
// How an event lies in the log, in every implementation of it: docs/format/store.md, section 2.
//
//   event = 2*pair_count annotations_size message_size   three varints
//           annotations message                          the bytes, as they will go to readers
//   stamp = 2*pair_count+1 annotations_size              two varints
//           annotations                                  pairs of all events up to the next stamp

#include <optional>
#include <vector>

#include "store/telemetry_log.hpp"

namespace capstan::store {

/// Stands in the header of whatever holds framed events. Raise it when the grammar changes; keep reading the older ones.
inline constexpr std::uint8_t event_framing_version = 2;

/// Views into the framed bytes.
struct framed_event {
    std::uint32_t pair_count; ///< of stamp and annotations
    bytes_view stamp;
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
    struct pairs {
        std::uint32_t count = 0;
        bytes_view encoded{};
    };
    bytes_view rest_;
    pairs stamp_;
};

/// Some events of a batch, one behind the other, and the stamp that belongs in front of them. Points into the batch.
struct event_run {
    bytes_view stamp;
    bytes_view events;
    std::size_t count;
    std::size_t size() const { return stamp.size() + events.size(); }
};

/// All events of the batches, in runs of at most `size_max` bytes; an event that is larger is one by itself.
std::vector<event_run> cut_into_runs(std::span<const event_batch> batches, std::size_t size_max);

} // namespace capstan::store
