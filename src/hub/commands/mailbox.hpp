#pragma once
// The cloud-to-device queue of one device as a pure state machine: no store, no link, no clock of its own.
// contract/semantics.md, section 1.2:
//
//              stored              lock_next              settle: complete, reject, last abandon; expired
//   storing ──────────▶ enqueued ───────────▶ locked ─────────────────────────────────────────────▶ leaving ──▶ gone
//                          ▲  │ expired          │ abandon, lock ran out, receiver gone                 ▲
//                          │  └──────────────────┼──────────────────────────────────────────────────────┘
//                          └─────────────────────┘
//
// A message leaves only when its removal is durable: until then it is counted, and neither delivered nor settled again.

#include <expected>
#include <memory>
#include <optional>
#include <vector>

#include "hub/commands/lock_token.hpp"
#include "hub/commands/receivers.hpp"
#include "hub/conditions.hpp"
#include "hub/settings.hpp"
#include "store/command_queue.hpp"

namespace capstan::hub {

enum class verdict : std::uint8_t { complete, reject, abandon };

/// A message that was handed out, under a lock.
struct locked_command {
    std::shared_ptr<const store::command> command;
    lock_token token;
};

/// What is to be done in the store for a change of the queue.
struct departure {
    std::uint64_t sequence;
    std::optional<store::feedback_status> feedback; ///< none: nobody asked to hear of it
    std::string message_id;
    std::optional<store::feedback_status> died_of; ///< none: it was completed or purged
    std::shared_ptr<const store::command> command;
};

class mailbox {
public:
    /// `rules` outlives the mailbox.
    explicit mailbox(const settings& rules) : rules_(rules) {}

    void load(store::command_list stored);

    /// All that is not gone, whatever its state.
    std::size_t size() const { return entries_.size(); }
    bool full() const { return entries_.size() >= rules_.command_queue_depth; }

    /// Takes a message, which may be delivered once stored() says so. Gives it with its number.
    std::shared_ptr<const store::command> add(store::command command);
    void stored(std::uint64_t sequence);
    /// It could not be stored: as if it had never come.
    void not_stored(std::uint64_t sequence);

    /// The oldest message that may be delivered, locked for `receiver` under `token`.
    /// `lock`: how long, if not as long as usual.
    std::optional<locked_command> lock_next(receiver_id receiver, const lock_token& token, wall_time now,
                                            std::optional<std::chrono::seconds> lock = std::nullopt);
    /// The lock of this token, if it still holds, is given up as if the message had not been handed out.
    void release(const lock_token& token);
    /// All locks of a receiver that has gone.
    void release_all(receiver_id receiver);

    /// What the device says of a message that it holds. A value that says `leaves` removes the message from the store, and then
    /// gone() or stays() must be called with what came of it; one that does not is an abandon, to be stored with its new count.
    struct settlement {
        std::optional<departure> leaves;
        std::shared_ptr<const store::command> again;
    };
    std::expected<settlement, errc> settle(const lock_token& token, verdict what, wall_time now);
    /// The token of a locked message with this message id, for devices that report by id (docs/compatibility.md).
    std::optional<lock_token> token_of(std::string_view message_id) const;

    /// Locks that have run out are given up; messages that have expired begin to leave. Where such locks count as deliveries, messages
    /// that had too many leave too, and those of the others whose count has changed are to be stored again.
    struct passing {
        std::vector<departure> leaving;
        std::vector<std::shared_ptr<const store::command>> again;
    };
    passing tick(wall_time now);
    /// All messages begin to leave.
    std::vector<departure> purge();
    /// The device was deleted, its messages with it.
    void clear() { entries_.clear(), next_sequence_ = 1; }

    /// The removal is durable.
    void gone(std::uint64_t sequence);
    /// The removal failed: the message is there as before, unlocked.
    void stays(std::uint64_t sequence);

    /// What is waiting, and what is locked, by ascending sequence.
    struct waiting {
        std::shared_ptr<const store::command> command;
        bool locked;
    };
    std::vector<waiting> look() const;

    /// When tick() has something to do next.
    std::optional<wall_time> next_deadline() const;
    bool deliverable() const;

private:
    enum class state : std::uint8_t { storing, enqueued, locked, leaving };
    struct entry {
        std::shared_ptr<store::command> command;
        state what;
        lock_token token{};
        receiver_id holder = 0;
        wall_time locked_until{};
    };
    entry* at(std::uint64_t sequence);
    entry* holding(const lock_token& token);
    static departure leave(entry& going, store::feedback_status why);
    settlement count_delivery(entry& held);

    const settings& rules_;
    std::vector<entry> entries_; ///< by ascending sequence; at most command_queue_depth
    std::uint64_t next_sequence_ = 1;
};

/// Does a sender that asked for `ack` want to hear of this outcome? contract/semantics.md, section 2.
bool wants_feedback(store::ack_mode ack, store::feedback_status status);

} // namespace capstan::hub
