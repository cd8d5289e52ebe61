#include "store/lmdb/records.hpp"

#include "store/encoding.hpp"
#include "store/event_framing.hpp"

namespace capstan::store::records {
namespace {

constexpr std::uint8_t format = 1; // of a state

void put_time(bytes& to, wall_time time) { put_fixed(to, static_cast<std::uint64_t>(time.time_since_epoch().count())); }

wall_time read_time(bytes_reader& in) { return wall_time(std::chrono::milliseconds(static_cast<std::int64_t>(in.fixed<std::uint64_t>()))); }

bool ended(const bytes_reader& in) { return in.ok() && in.remaining() == 0; }

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
    record.enqueued = read_time(in);
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
    state.last_enqueued = read_time(in);
    return known && ended(in) && state.begin <= state.next ? std::optional(state) : std::nullopt;
}

} // namespace capstan::store::records
