#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <tuple>

#include "store/command_queue.hpp"
#include "store/memory/feedback_queue.hpp"

namespace capstan::store {

class memory_command_queue final : public command_queue {
public:
    memory_command_queue(memory_feedback_queue& feedback, const std::atomic<bool>& closed) : feedback_(feedback), closed_(closed) {}

    void load(std::string device_id, reply_to<command_list> reply) override;
    void put(std::string device_id, command value, reply_to<void> reply) override;
    void remove(std::string device_id, std::vector<std::uint64_t> sequences, std::vector<feedback_record> feedback,
                reply_to<void> reply) override;
    void bury(std::string device_id, std::vector<command> dead, std::vector<feedback_record> feedback, reply_to<void> reply) override;
    void drop(std::string device_id, reply_to<void> reply) override;
    void expiring(wall_time time, std::size_t limit, reply_to<std::vector<expiring_command>> reply) override;

    /// Also for memory_device_registry::remove.
    void drop_now(const std::string& device_id);

private:
    struct device_queue {
        std::uint64_t next_sequence = 1;
        std::map<std::uint64_t, command> commands;
    };
    using expiry_entry = std::tuple<wall_time, std::string, std::uint64_t>;

    void put_locked(const std::string& device_id, command value);
    void remove_locked(const std::string& device_id, std::uint64_t sequence);
    void drop_locked(const std::string& name);
    std::vector<expiring_command> first_to_expire(wall_time time, std::size_t limit) const;

    memory_feedback_queue& feedback_;
    const std::atomic<bool>& closed_;
    mutable std::mutex mutex_; ///< guards what follows
    std::map<std::string, device_queue, std::less<>> devices_;
    std::set<expiry_entry> expiry_;
};

} // namespace capstan::store
