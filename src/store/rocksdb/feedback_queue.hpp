#pragma once

#include "store/feedback_queue.hpp"
#include "store/read_pool.hpp"
#include "store/rocksdb/committer.hpp"
#include "store/rocksdb/sorted_changes.hpp"

namespace capstan::store {

class rocksdb_feedback_queue final : public feedback_queue, public round_member {
public:
    rocksdb_feedback_queue(database_slot& data, committer& writes, read_pool& reads) : data_(data), writes_(writes), reads_(reads) {}

    void read(std::uint64_t from, std::size_t limit, reply_to<std::vector<feedback_record>> reply) override;
    void remove(std::uint64_t first, std::uint64_t last, reply_to<void> reply) override;

    /// For rocksdb_command_queue::remove, on the committer's thread: adds the records to the round.
    void append(const std::vector<feedback_record>& records);

    outcome<void> recover(database& data) override;
    void seal(write_round& round) override { changes_.move_to(round.changes, round.data.feedback()); }
    void committed() override { next_ = next_after_round_; }
    void abandoned() override { next_after_round_ = next_; }

private:
    outcome<void> remove_now(std::uint64_t first, std::uint64_t last, write_round& round);

    database_slot& data_;
    committer& writes_;
    read_pool& reads_;
    std::uint64_t next_ = 1;             ///< committer's thread only, as is the next
    std::uint64_t next_after_round_ = 1;
    sorted_changes changes_; ///< of the open round
};

} // namespace capstan::store
