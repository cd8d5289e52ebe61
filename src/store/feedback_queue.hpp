#pragma once
// What became of cloud-to-device messages, waiting for a service to fetch it. contract/semantics.md, section 2.

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "store/failure.hpp"

namespace capstan::store {

/// Values live on disk: do not renumber. They are Azure's own (semantics.md, section 2).
enum class feedback_status : std::uint8_t { success = 0, expired = 1, delivery_count_exceeded = 2, rejected = 3, purged = 4 };

struct feedback_record {
    std::uint64_t sequence = 0; ///< given by the queue on append, increasing; ignored in what is appended
    wall_time time{};           ///< of the outcome
    feedback_status status = feedback_status::success;
    std::string original_message_id;
    std::string device_id; ///< of a module: module_key()
    std::string generation_id;
};

/// Thread-safe; nothing blocks the caller. Records are appended by command_queue::remove, in one commit with the removal.
class feedback_queue {
public:
    virtual ~feedback_queue() = default;

    /// The oldest records with sequence >= from, at most `limit`.
    virtual void read(std::uint64_t from, std::size_t limit, reply_to<std::vector<feedback_record>> reply) = 0;

    /// Forgets the records first..last, both included. Durable when `reply` runs.
    virtual void remove(std::uint64_t first, std::uint64_t last, reply_to<void> reply) = 0;
};

} // namespace capstan::store
