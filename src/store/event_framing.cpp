#include "store/event_framing.hpp"

#include <algorithm>

#include "store/encoding.hpp"

namespace capstan::store {
namespace {

constexpr std::uint64_t is_stamp = 1;

void cut(const event_batch& batch, std::size_t size_max, std::vector<event_run>& runs) {
    const bytes_view stamp = batch.framed_stamp(), all = batch.framed_events();
    const std::size_t room = size_max - std::min(size_max, stamp.size());
    std::size_t begin = 0, end = 0, count = 0; // of the next run
    for (framed_events events(all); events.next(); ++count) {
        const std::size_t longer = all.size() - events.remaining();
        if (count > 0 && longer - begin > room) {
            runs.push_back({stamp, all.subspan(begin, end - begin), count});
            begin = end;
            count = 0;
        }
        end = longer;
    }
    runs.push_back({stamp, all.subspan(begin), count});
}

} // namespace

void event_batch::stamp(std::uint32_t pair_count, bytes_view annotations) {
    put_varint(framed_, 2 * std::uint64_t{pair_count} + is_stamp);
    put_varint(framed_, annotations.size());
    append(framed_, annotations);
    stamp_size_ = framed_.size();
}

void event_batch::add(std::uint32_t pair_count, bytes_view annotations, std::span<const bytes_view> message) {
    if (framed_.empty())
        stamp(0, {}); // that of what lies in front shall not hold
    std::size_t message_size = 0;
    for (const bytes_view piece : message)
        message_size += piece.size();
    put_varint(framed_, 2 * std::uint64_t{pair_count});
    put_varint(framed_, annotations.size());
    put_varint(framed_, message_size);
    append(framed_, annotations);
    for (const bytes_view piece : message)
        append(framed_, piece);
    ++count_;
}

std::optional<framed_event> framed_events::next() {
    bytes_reader in(rest_);
    for (;;) {
        const std::uint64_t kind = in.varint();
        const std::uint64_t pair_count = kind / 2;
        const std::uint64_t annotations_size = in.varint();
        const std::uint64_t message_size = kind & is_stamp ? 0 : in.varint();
        const bytes_view annotations = in.take(annotations_size);
        const bytes_view message = in.take(message_size);
        // An encoded key and an encoded value take at least a byte each (AMQP 1.0, part 1, section 1.2).
        if (!in.ok() || pair_count > annotations.size() / 2)
            return std::nullopt;
        const auto count = static_cast<std::uint32_t>(pair_count);
        if (kind & is_stamp) {
            stamp_ = {count, annotations};
            continue;
        }
        rest_ = rest_.last(in.remaining());
        return framed_event{stamp_.count + count, stamp_.encoded, annotations, message};
    }
}

std::vector<event_run> cut_into_runs(std::span<const event_batch> batches, std::size_t size_max) {
    std::vector<event_run> runs;
    for (const event_batch& batch : batches) {
        if (batch.framed().size() <= size_max)
            runs.push_back({batch.framed_stamp(), batch.framed_events(), batch.count()});
        else
            cut(batch, size_max, runs);
    }
    return runs;
}

} // namespace capstan::store
