#pragma once
// What the keys of keys.hpp lead to, as bytes: docs/format/store.md, section 4. Each kind begins with a version byte of its own.
// What does not decode, in full and with nothing left over, comes back as none.

#include <array>
#include <optional>

#include "store/command_queue.hpp"
#include "store/device_registry.hpp"
#include "store/feedback_queue.hpp"

namespace capstan::store::values {

bytes encode(const command& value);
/// The sequence number is in the key.
std::optional<command> decode_command(std::uint64_t sequence, bytes_view value);

bytes encode(const feedback_record& record);
std::optional<feedback_record> decode_feedback(std::uint64_t sequence, bytes_view value);

/// The next number of a device's commands, or of the feedback.
bytes encode_next(std::uint64_t next);
std::optional<std::uint64_t> decode_next(bytes_view value);

bytes encode(const device_activity& seen);
/// The id is in the key.
std::optional<device_activity> decode_activity(std::string_view id, bytes_view value);

struct registry_state {
    device_counts counts;
    std::uint64_t changes = 0; ///< writes ever made: the source of etags
};
bytes encode(const registry_state& state);
std::optional<registry_state> decode_registry_state(bytes_view value);

} // namespace capstan::store::values
