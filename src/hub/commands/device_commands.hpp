#pragma once
#include "hub/commands/command_center.hpp"

namespace capstan::hub {

/// One device's or module's queue with what hangs on it: the store below, the receivers above. Lives on the device's home thread.
class device_commands : public std::enable_shared_from_this<device_commands> {
public:
    device_commands(hub& owner, std::string device);

    /// Runs `work` once the queue has been read from the store, or has turned out to be unreadable; at once when that is known.
    template<class Work> void when_loaded(Work work) {
        if (loaded_ || (unreadable_ && !loading_))
            return work(*this);
        waiting_.push_back(std::move(work));
        load();
    }

    void enqueue(store::command command, run_queue& home, command_center::taken done);
    void want(receiver_id id, run_queue& home, std::weak_ptr<command_receiver> receiver, std::size_t count);
    void leave(receiver_id id);
    void release(const lock_token& token);
    void take_next(std::optional<std::chrono::seconds> lock, run_queue& home,
                   std::move_only_function<void(command_center::next_command)> done);
    void settle(const lock_token& token, verdict what, run_queue& home, command_center::taken done);
    void settle_by_id(const std::string& message_id, verdict what, run_queue& home, command_center::taken done);
    void purge(run_queue& home, command_center::purged done);
    void look(run_queue& home, command_center::looked done);
    void drop();
    void tick();

    /// Nothing is queued, nobody listens, nothing is under way: the object may go; the store knows all.
    bool idle() const;

private:
    using finished = std::move_only_function<void(const store::outcome<void>&)>;

    void load();
    void counted();
    void on_loaded(store::command_list stored);
    void on_unreadable(store::failure why);
    void dispatch();
    void put(const store::command& changed, finished done);
    void remove(std::vector<departure> leaving, finished done);
    store::feedback_record record_of(const departure& leaving) const;
    run_queue& home();
    wall_time now() const;

    hub& hub_;
    std::string device_;
    mailbox mailbox_;
    receivers<command_receiver> receivers_;
    std::size_t under_way_ = 0; ///< requests to the store
    bool loaded_ = false, loading_ = false;
    std::unique_ptr<const store::failure> unreadable_;                     ///< why the last load failed
    std::vector<std::move_only_function<void(device_commands&)>> waiting_; ///< for a load; as many as come during one read
};

} // namespace capstan::hub
