#include "store/event_framing.hpp"

#include "store/encoding.hpp"
#include "store/telemetry_log.hpp"

namespace capstan::store {

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

} // namespace capstan::store
