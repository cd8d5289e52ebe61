#include "store/lmdb/records.hpp"

#include "store/encoding.hpp"
#include "store/event_framing.hpp"

namespace capstan::store::records {
namespace {

constexpr std::uint8_t format = 1; // of a state

} // namespace

bytes header(wall_time enqueued, std::size_t count) {
    bytes out{event_framing_version};
    put_time(out, enqueued);
    put_fixed(out, static_cast<std::uint32_t>(count));
    return out;
}

std::optional<event_record> decode(sequence_number first, bytes_view value) {
    bytes_reader in(value);
    event_record record;
    record.first = first;
    const bool known = in.fixed<std::uint8_t>() == event_framing_version;
    record.enqueued = in.time();
    record.count = in.fixed<std::uint32_t>();
    record.framed = in.take(in.remaining());
    // A framed event is three bytes or more: a count that is damaged must not stand for numbers that never were.
    if (!known || !in.ok() || record.count == 0 || record.count > record.framed.size() / 3)
        return std::nullopt;
    return record;
}

bytes encode(const partition_state& state) {
    bytes out{format};
    put_fixed(out, state.begin);
    put_fixed(out, state.next);
    put_time(out, state.last_enqueued);
    return out;
}

std::optional<partition_state> decode_state(bytes_view value) {
    bytes_reader in(value);
    partition_state state;
    const bool known = in.fixed<std::uint8_t>() == format;
    state.begin = in.fixed<std::uint64_t>();
    state.next = in.fixed<std::uint64_t>();
    state.last_enqueued = in.time();
    return known && in.ended() && state.begin <= state.next ? std::optional(state) : std::nullopt;
}

} // namespace capstan::store::records
