#pragma once

#include <atomic>
#include <deque>
#include <mutex>

#include "store/feedback_queue.hpp"

namespace capstan::store {

class memory_feedback_queue final : public feedback_queue {
public:
    explicit memory_feedback_queue(const std::atomic<bool>& closed) : closed_(closed) {}

    void read(std::uint64_t from, std::size_t limit, reply_to<std::vector<feedback_record>> reply) override;
    void remove(std::uint64_t first, std::uint64_t last, reply_to<void> reply) override;

    /// For memory_command_queue::remove, which appends in one commit with the removal.
    void append(std::vector<feedback_record> records);

private:
    const std::atomic<bool>& closed_;
    std::mutex mutex_; ///< guards what follows
    std::deque<feedback_record> records_;
    std::uint64_t next_ = 1;
};

} // namespace capstan::store
