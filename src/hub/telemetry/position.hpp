#pragma once
// Where in a partition a reader wants to begin. contract/event-hubs.md, sections 4.2 and 5.

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "store/telemetry_log.hpp"

namespace capstan::hub {

/// Offsets are opaque decimal text to clients, and grow with the sequence number; ours are a multiple of it, so that either can be
/// found from the other without an index.
constexpr std::uint64_t offset_step = 512;
std::string offset_of(store::sequence_number sequence);

struct position {
    enum class kind : std::uint8_t { earliest, latest, sequence, offset, time } what = kind::earliest;
    std::uint64_t value = 0; ///< sequence number, offset, or milliseconds since the epoch
    bool inclusive = false;
};

/// From a source's filter map (encoded; empty: no filter, so the earliest). Says what it does not understand.
std::expected<position, std::string> parse_filter(bytes_view filter_map);
/// From a selector text such as: amqp.annotation.x-opt-sequence-number > '2995'
std::expected<position, std::string> parse_selector(std::string_view text);

/// The number of the first event to read, for all positions but a time. Fails, with the text for the client, when the position
/// lies beyond the end.
std::expected<store::sequence_number, std::string> first_event(const position& from, const store::partition_state& state);

/// "0" to "count - 1".
std::optional<store::partition_id> parse_partition(std::string_view id, store::partition_id count);

} // namespace capstan::hub
