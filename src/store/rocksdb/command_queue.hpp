#pragma once

#include <map>

#include "store/command_queue.hpp"
#include "store/rocksdb/feedback_queue.hpp"

namespace capstan::store {

class rocksdb_command_queue final : public command_queue, public round_member {
public:
    rocksdb_command_queue(database_slot& data, committer& writes, read_pool& reads, rocksdb_feedback_queue& feedback)
        : data_(data), writes_(writes), reads_(reads), feedback_(feedback) {}

    void load(std::string device_id, reply_to<command_list> reply) override;
    void put(std::string device_id, command value, reply_to<void> reply) override;
    void remove(std::string device_id, std::vector<std::uint64_t> sequences, std::vector<feedback_record> feedback,
                reply_to<void> reply) override;
    void bury(std::string device_id, std::vector<command> dead, std::vector<feedback_record> feedback, reply_to<void> reply) override;
    void drop(std::string device_id, reply_to<void> reply) override;
    void expiring(wall_time time, std::size_t limit, reply_to<std::vector<expiring_command>> reply) override;

    /// Also for rocksdb_device_registry::remove. On the committer's thread: removes in the round what drop() removes.
    outcome<void> drop_now(const std::string& device_id, write_round& round);

    void committed() override { round_.clear(); }
    void abandoned() override { round_.clear(); }

private:
    class load_request;
    /// What the open round has changed for a device. A decision must see it, as it is not in the database yet.
    struct device_round {
        std::optional<std::uint64_t> next_sequence;
        std::map<std::uint64_t, std::optional<wall_time>> expiry; ///< by sequence; none: removed
    };
    using expiry_list = std::map<std::uint64_t, wall_time>; ///< by sequence

    // All by the committer's thread.
    outcome<void> put_now(const std::string& device_id, const command& value, write_round& round);
    outcome<void> remove_now(const std::string& device_id, const std::vector<std::uint64_t>& sequences,
                             const std::vector<feedback_record>& feedback, write_round& round);
    outcome<void> bury_now(const std::string& device_id, const std::vector<command>& dead, const std::vector<feedback_record>& feedback,
                           write_round& round);
    outcome<void> drop_all(const std::string& name, write_round& round);
    void erase(const std::string& device_id, const expiry_list& gone, write_round& round);
    outcome<std::uint64_t> next_sequence(database& data, const std::string& device_id);
    outcome<std::optional<wall_time>> expiry_of(database& data, const std::string& device_id, std::uint64_t sequence);
    outcome<expiry_list> expiry_of_all(database& data, const std::string& device_id);

    database_slot& data_;
    committer& writes_;
    read_pool& reads_;
    rocksdb_feedback_queue& feedback_;
    std::map<std::string, device_round> round_; ///< committer's thread only
};

} // namespace capstan::store
