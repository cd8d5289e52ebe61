#pragma once
// Feedback on its way to services: records become batches, batches go to the links that services receive on, each to one of them,
// under a lock. contract/semantics.md, section 2. Lives on the hub's first thread; all functions may be called on any.

#include <atomic>
#include <deque>
#include <memory>
#include <vector>

#include "hub/commands/mailbox.hpp"
#include "hub/settings.hpp"
#include "store/feedback_queue.hpp"

namespace capstan::hub {

class hub;

/// One batch as it is handed out.
struct locked_feedback {
    std::shared_ptr<const std::vector<store::feedback_record>> records;
    lock_token token;
    wall_time enqueued;
};

/// A link that a service receives feedback on.
class feedback_receiver {
public:
    virtual ~feedback_receiver() = default;
    virtual void deliver(locked_feedback batch) = 0;
};

class feedback_center {
public:
    explicit feedback_center(hub& owner);

    /// Reads what a former life of the hub left behind.
    void start();
    /// Records were added to the store's queue. Costs next to nothing while an earlier call is still on its way.
    void arrived();

    /// The receiver may take `count` batches more; they are delivered on `home`. The first call makes it known, until leave().
    void want(receiver_id id, run_queue& home, std::weak_ptr<feedback_receiver> receiver, std::size_t count);
    /// The receiver is gone: what it holds, or was on its way to it, goes back into the queue.
    void leave(receiver_id id);
    /// A batch that was handed out could not be passed on.
    void release(lock_token token);
    /// `then` runs on `home` after all deliveries that want() has led to so far.
    void after_delivery(run_queue& home, task then);

    /// The next batch, or none, for who has no link: nobody holds its lock, which ends with its time. `done` runs on `home`.
    void take_next(run_queue& home, std::move_only_function<void(std::optional<locked_feedback>)> done);

    /// What the service says of a batch. `done` (on `home`) gets false when the lock was lost.
    void settle(lock_token token, verdict what, run_queue& home, std::move_only_function<void(bool)> done);

    void tick();

private:
    struct batch {
        std::shared_ptr<const std::vector<store::feedback_record>> records;
        wall_time made;
        std::uint32_t delivery_count = 0;
        lock_token token{};
        receiver_id holder = 0; ///< 0: nobody
        wall_time locked_until{};
    };

    void read();
    void drop_stale(wall_time now);
    void drop_orphans();
    bool ripe(wall_time now) const;
    void cut(wall_time now);
    void dispatch(wall_time now);
    locked_feedback lock(batch& free, receiver_id holder, wall_time now);
    bool is_stale(const store::feedback_record& record, wall_time now) const;
    void forget(const batch& done);
    void forget(std::uint64_t first, std::uint64_t last);
    void abandon(std::vector<batch>::iterator which);
    run_queue& queue();
    wall_time now() const;

    hub& hub_;
    std::deque<store::feedback_record> records_; ///< not yet in a batch; at most read_ahead, the rest waits in the store
    std::vector<batch> batches_;                 ///< oldest first; at most max_batches, for the same reason
    receivers<feedback_receiver> receivers_;
    std::uint64_t next_record_ = 0; ///< the first that was not read yet
    bool reading_ = false, more_ = true;
    std::atomic<bool> told_ = false; ///< of arrivals: a task of arrived() waits in the queue
    wall_time last_cut_{};
};

} // namespace capstan::hub
