#pragma once
// The cloud-to-device messages of each device and module: what must survive. Which message may be delivered when, and what an outcome
// means, is the hub's business (hub/commands). contract/semantics.md, section 1.

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "store/failure.hpp"
#include "store/feedback_queue.hpp"

namespace capstan::store {

/// Which outcomes the sender wants to hear of (application property iothub-ack). Values live on disk: do not renumber.
enum class ack_mode : std::uint8_t { none = 0, positive = 1, negative = 2, full = 3 };

struct command {
    std::uint64_t sequence = 0; ///< increasing within a device's queue, never reused, chosen by the hub
    wall_time enqueued{};
    wall_time expires{};
    std::uint32_t delivery_count = 0;
    ack_mode ack = ack_mode::none;
    std::string message_id{}; ///< as text, for feedback; empty when the sender gave none
    std::optional<feedback_status> died_of{}; ///< of a dead letter: why it is one
    wall_time died{};       ///< likewise: when
    bytes message{};        ///< the sections from properties (0x73) onwards, as they go to the device
};

/// A module has a queue as a device has, under its module_key(), which cannot be this name: no module's id holds a slash, or is empty.
/// Under this name load() and remove() find a device's dead letters. They are commands like others but for what they died of, and
/// expire at the end of their time; they go with their device.
inline std::string dead_letters_of(std::string_view device_id) { return std::string(device_id) + "//dead"; }
inline bool are_dead_letters(std::string_view name) { return name.ends_with("//dead"); }

/// All that is stored for one device.
struct command_list {
    std::uint64_t next_sequence = 1; ///< one more than the highest sequence ever put for this device
    std::vector<command> commands;   ///< by ascending sequence
};

struct expiring_command {
    std::string device_id;
    std::uint64_t sequence;
    wall_time expires;
};

/// Thread-safe; nothing blocks the caller. Requests for one device take effect in the order in which they were made.
class command_queue {
public:
    virtual ~command_queue() = default;

    virtual void load(std::string device_id, reply_to<command_list> reply) = 0;

    /// Stores a new command, or a changed delivery count of one that is there. Durable when `reply` runs.
    virtual void put(std::string device_id, command value, reply_to<void> reply) = 0;

    /// Removes these commands and appends these feedback records, in one commit. Durable when `reply` runs.
    virtual void remove(std::string device_id, std::vector<std::uint64_t> sequences, std::vector<feedback_record> feedback,
                        reply_to<void> reply) = 0;

    /// Makes dead letters of these commands, as they are given, and appends these feedback records, in one commit. Durable when
    /// `reply` runs.
    virtual void bury(std::string device_id, std::vector<command> dead, std::vector<feedback_record> feedback, reply_to<void> reply) = 0;

    /// Removes everything of a device, its numbering and its dead letters too.
    virtual void drop(std::string device_id, reply_to<void> reply) = 0;

    /// The commands that expire at or before `time`, the earliest first, at most `limit`.
    virtual void expiring(wall_time time, std::size_t limit, reply_to<std::vector<expiring_command>> reply) = 0;
};

} // namespace capstan::store
