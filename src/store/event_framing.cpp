#include "store/event_framing.hpp"

#include "store/encoding.hpp"

namespace capstan::store {
namespace {

void cut(bytes_view framed, std::size_t size_max, std::vector<event_run>& runs) {
    std::size_t begin = 0, end = 0, count = 0; // of the next run
    for (framed_events events(framed); events.next(); ++count) {
        const std::size_t longer = framed.size() - events.remaining();
        if (count > 0 && longer - begin > size_max) {
            runs.push_back({framed.subspan(begin, end - begin), count});
            begin = end;
            count = 0;
        }
        end = longer;
    }
    runs.push_back({framed.subspan(begin), count});
}

} // namespace

void event_batch::add(std::uint32_t pair_count, bytes_view annotations, std::span<const bytes_view> message) {
    std::size_t message_size = 0;
    for (const bytes_view piece : message)
        message_size += piece.size();
    put_varint(framed_, pair_count);
    put_varint(framed_, annotations.size());
    put_varint(framed_, message_size);
    append(framed_, annotations);
    for (const bytes_view piece : message)
        append(framed_, piece);
    ++count_;
}

std::optional<framed_event> framed_events::next() {
    bytes_reader in(rest_);
    const std::uint64_t pair_count = in.varint();
    const std::uint64_t annotations_size = in.varint();
    const std::uint64_t message_size = in.varint();
    const bytes_view annotations = in.take(annotations_size);
    const bytes_view message = in.take(message_size);
    // An encoded key and an encoded value take at least a byte each (AMQP 1.0, part 1, section 1.2).
    if (!in.ok() || pair_count > annotations.size() / 2)
        return std::nullopt;
    rest_ = rest_.last(in.remaining());
    return framed_event{static_cast<std::uint32_t>(pair_count), annotations, message};
}

std::vector<event_run> cut_into_runs(std::span<const event_batch> batches, std::size_t size_max) {
    std::vector<event_run> runs;
    for (const event_batch& batch : batches) {
        if (batch.framed().size() <= size_max)
            runs.push_back({batch.framed(), batch.count()});
        else
            cut(batch.framed(), size_max, runs);
    }
    return runs;
}

} // namespace capstan::store
