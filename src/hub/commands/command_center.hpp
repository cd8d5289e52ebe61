#pragma once
// The cloud-to-device queues of all devices, and of modules by their keys. Each device's queue lives on its home thread (hub::home_of);
// everybody else speaks to it through these functions, which may be called on any of the hub's threads and never block.

#include <atomic>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/run_queue.hpp"
#include "hub/commands/mailbox.hpp"
#include "hub/commands/queue_depths.hpp"

namespace capstan::hub {

class hub;
class device_commands;

/// A link that a device receives commands on.
class command_receiver {
public:
    virtual ~command_receiver() = default;
    virtual void deliver(locked_command command) = 0;
};

class command_center {
public:
    explicit command_center(hub& owner);
    ~command_center();

    /// Counts what a former life of the hub has left.
    void start();
    /// How many commands a device has that are not done with. Thread-safe, and costs one look-up.
    std::size_t waiting(std::string_view device) const { return depths_.of(device); }

    /// `done` runs on `home`: no value, or why the command was not taken. Durable when there is no error.
    using taken = std::move_only_function<void(std::optional<amqp::error>)>;
    void enqueue(std::string device, store::command command, run_queue& home, taken done);

    /// The receiver may take `count` commands more; they are delivered on `home`. The first call makes it known, until leave().
    void want(std::string device, receiver_id id, run_queue& home, std::weak_ptr<command_receiver> receiver, std::size_t count);
    /// `then` runs on `home` after all deliveries that want() has led to so far: for a link that is being drained.
    void after_delivery(std::string device, run_queue& home, task then);
    /// The receiver is gone: what it holds, or was on its way to it, goes back into the queue.
    void leave(std::string device, receiver_id id);
    /// A command that was handed out could not be passed on.
    void release(std::string device, lock_token token);

    /// The device's next command, or none, for who has no link: nobody holds its lock, which ends with its time, the
    /// usual one unless `lock` is given. `done` runs on `home`.
    using next_command = std::expected<std::optional<locked_command>, amqp::error>;
    void take_next(std::string device, std::optional<std::chrono::seconds> lock, run_queue& home,
                   std::move_only_function<void(next_command)> done);

    /// What the device says of a command that it holds. Durable when `done` runs without an error.
    void settle(std::string device, lock_token token, verdict what, run_queue& home, taken done);
    /// The same, naming the command by its message id.
    void settle_by_id(std::string device, std::string message_id, verdict what, run_queue& home, taken done);

    /// `done` gets how many commands were purged; none when they could not be.
    using purged = std::move_only_function<void(std::optional<std::size_t>)>;
    void purge(std::string device, run_queue& home, purged done);
    /// `done` gets what waits for the device or is locked, without anything changing; none when it cannot be read.
    using looked = std::move_only_function<void(std::optional<std::vector<mailbox::waiting>>)>;
    void look(std::string device, run_queue& home, looked done);
    /// The device was deleted: its queue is forgotten. On the device's home thread, before another of its name can be known there.
    void drop(const std::string& device);

    /// Once a second on each thread.
    void tick(std::size_t thread);

    receiver_id new_receiver();

private:
    friend class device_commands;
    /// Runs `work` with the device's queue, on its home thread.
    template<class Work> void with(std::string device, Work work);
    void sweep();

    hub& hub_;
    using shard = boost::unordered_flat_map<std::string, std::shared_ptr<device_commands>>;
    std::vector<shard> shards_; ///< by thread; each is touched on its own thread only
    std::atomic<receiver_id> next_receiver_{1};
    bool sweeping_ = false; ///< on thread 0
    queue_depths depths_;
};

} // namespace capstan::hub
