#include "store/block_builder.hpp"

#include "store/event_framing.hpp"

namespace capstan::store {

bool block_builder::add(const event_record& record, std::shared_ptr<const bytes> memory) {
    framed_events events(record.framed);
    const std::size_t before = block_.events.size();
    bool whole = true;
    for (std::size_t index = 0; index < record.count && !full(); ++index) {
        const std::optional<framed_event> event = events.next();
        if (!event) {
            whole = false;
            break;
        }
        if (record.first + index < from_)
            continue;
        block_.events.push_back(
            {record.first + index, record.enqueued, event->pair_count, event->stamp, event->annotations, event->message});
        block_.size += event->stamp.size() + event->annotations.size() + event->message.size();
    }
    if (block_.events.size() > before)
        block_.memory.push_back(std::move(memory));
    return whole;
}

} // namespace capstan::store
