#include "store/memory/feedback_queue.hpp"

#include <algorithm>

#include "store/reply.hpp"

namespace capstan::store {

void memory_feedback_queue::append(std::vector<feedback_record> records) {
    const std::lock_guard lock(mutex_);
    for (feedback_record& record : records) {
        record.sequence = next_++;
        records_.push_back(std::move(record));
    }
}

void memory_feedback_queue::read(std::uint64_t from, std::size_t limit, reply_to<std::vector<feedback_record>> reply) {
    if (closed_)
        return answer(std::move(reply), std::unexpected(store_is_closed()));
    std::vector<feedback_record> found;
    {
        const std::lock_guard lock(mutex_);
        auto at = std::ranges::lower_bound(records_, from, {}, &feedback_record::sequence);
        for (; at != records_.end() && found.size() < limit; ++at)
            found.push_back(*at);
    }
    answer(std::move(reply), std::move(found));
}

void memory_feedback_queue::remove(std::uint64_t first, std::uint64_t last, reply_to<void> reply) {
    if (closed_)
        return answer(std::move(reply), std::unexpected(store_is_closed()));
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(records_, [=](const feedback_record& record) { return record.sequence >= first && record.sequence <= last; });
    }
    answer(std::move(reply), {});
}

} // namespace capstan::store
