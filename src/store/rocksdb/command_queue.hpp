#pragma once

#include <boost/container/flat_map.hpp>

#include "store/command_queue.hpp"
#include "store/rocksdb/feedback_queue.hpp"
#include "store/rocksdb/recent.hpp"
#include "store/rocksdb/sorted_changes.hpp"

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

    outcome<void> recover(database&) override { return known_.clear(), outcome<void>(); }
    void seal(write_round& round) override {
        commands_.move_to(round.changes, round.data.commands());
        expiry_.move_to(round.changes, round.data.expiry());
    }
    void committed() override { known_.age(), ++round_; }
    void abandoned() override { known_.clear(), ++round_; }

private:
    class load_request;
    /// What a queue's writes need to know of it, as it will be after the open round: so a device that is in use costs no look-up in
    /// the database. Written through: what is not here may be stored all the same.
    struct known_queue {
        std::optional<std::uint64_t> next_sequence;
        boost::container::flat_map<std::uint64_t, std::optional<wall_time>> expiry; ///< by sequence; none: removed
        std::uint64_t changed_in = 0;                                               ///< the number of a round
    };
    using expiry_list = boost::container::flat_map<std::uint64_t, wall_time>; ///< by sequence

    /// Devices whose queues are remembered: some 200 bytes for each, and 32 for each of its at most 50 commands. 100,000 devices are
    /// what a hub is made for; of a device that sends once an hour nothing need be known.
    static constexpr std::size_t known_max = 16 * 1024;

    // All by the committer's thread.
    outcome<void> put_now(const std::string& device_id, const command& value, write_round& round);
    outcome<void> remove_now(const std::string& device_id, const std::vector<std::uint64_t>& sequences,
                             const std::vector<feedback_record>& feedback, write_round& round);
    outcome<void> bury_now(const std::string& device_id, const std::vector<command>& dead, const std::vector<feedback_record>& feedback,
                           write_round& round);
    outcome<void> drop_all(const std::string& name, write_round& round);
    void erase(const std::string& device_id, const expiry_list& gone);
    outcome<std::uint64_t> next_sequence(database& data, const std::string& device_id);
    outcome<std::optional<wall_time>> expiry_of(database& data, const std::string& device_id, std::uint64_t sequence);
    outcome<expiry_list> expiry_of_all(database& data, const std::string& device_id);
    known_queue& change(const std::string& device_id);

    database_slot& data_;
    committer& writes_;
    read_pool& reads_;
    rocksdb_feedback_queue& feedback_;
    recent<known_queue> known_{known_max}; ///< committer's thread only, as are the next
    std::uint64_t round_ = 1;              ///< the number of the open one
    sorted_changes commands_, expiry_;     ///< of the open round
};

} // namespace capstan::store
