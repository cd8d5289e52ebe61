#include "store/rocksdb/values.hpp"

#include "store/encoding.hpp"

namespace capstan::store::values {
namespace {

constexpr std::uint8_t format = 1; // of every value, so far
constexpr std::uint8_t format_of_dead_letters = 2;

} // namespace

bytes encode(const command& value) {
    bytes out{value.died_of ? format_of_dead_letters : format};
    out.reserve(32 + value.message_id.size() + value.message.size());
    put_time(out, value.enqueued);
    put_time(out, value.expires);
    put_fixed(out, value.delivery_count);
    put_fixed(out, static_cast<std::uint8_t>(value.ack));
    if (value.died_of) {
        put_fixed(out, static_cast<std::uint8_t>(*value.died_of));
        put_time(out, value.died);
    }
    put_text(out, value.message_id);
    append(out, value.message);
    return out;
}

std::optional<command> decode_command(std::uint64_t sequence, bytes_view value) {
    bytes_reader in(value);
    command out;
    out.sequence = sequence;
    const auto version = in.fixed<std::uint8_t>();
    bool known = version == format || version == format_of_dead_letters;
    out.enqueued = in.time();
    out.expires = in.time();
    out.delivery_count = in.fixed<std::uint32_t>();
    const auto ack = in.fixed<std::uint8_t>();
    out.ack = static_cast<ack_mode>(ack);
    if (version == format_of_dead_letters) {
        const auto why = in.fixed<std::uint8_t>();
        known = known && why <= static_cast<std::uint8_t>(feedback_status::purged);
        out.died_of = static_cast<feedback_status>(why);
        out.died = in.time();
    }
    out.message_id = in.text();
    const bytes_view message = in.take(in.remaining());
    out.message.assign(message.begin(), message.end());
    return known && in.ok() && ack <= static_cast<std::uint8_t>(ack_mode::full) ? std::optional(std::move(out)) : std::nullopt;
}

bytes encode(const feedback_record& record) {
    bytes out{format};
    out.reserve(16 + record.original_message_id.size() + record.device_id.size() + record.generation_id.size());
    put_time(out, record.time);
    put_fixed(out, static_cast<std::uint8_t>(record.status));
    put_text(out, record.original_message_id);
    put_text(out, record.device_id);
    put_text(out, record.generation_id);
    return out;
}

std::optional<feedback_record> decode_feedback(std::uint64_t sequence, bytes_view value) {
    bytes_reader in(value);
    feedback_record out;
    out.sequence = sequence;
    const bool known = in.fixed<std::uint8_t>() == format;
    out.time = in.time();
    const auto status = in.fixed<std::uint8_t>();
    out.status = static_cast<feedback_status>(status);
    out.original_message_id = in.text();
    out.device_id = in.text();
    out.generation_id = in.text();
    const bool valid = known && in.ended() && status <= static_cast<std::uint8_t>(feedback_status::purged);
    return valid ? std::optional(std::move(out)) : std::nullopt;
}

bytes encode_next(std::uint64_t next) {
    bytes out{format};
    put_fixed(out, next);
    return out;
}

std::optional<std::uint64_t> decode_next(bytes_view value) {
    bytes_reader in(value);
    const bool known = in.fixed<std::uint8_t>() == format;
    const auto next = in.fixed<std::uint64_t>();
    return known && in.ended() ? std::optional(next) : std::nullopt;
}

bytes encode(const device_activity& seen) {
    bytes out{format};
    put_time(out, seen.last);
    put_time(out, seen.connection_changed);
    return out;
}

std::optional<device_activity> decode_activity(std::string_view id, bytes_view value) {
    bytes_reader in(value);
    device_activity out{.id = std::string(id)};
    const bool known = in.fixed<std::uint8_t>() == format;
    out.last = in.time();
    out.connection_changed = in.time();
    return known && in.ended() ? std::optional(std::move(out)) : std::nullopt;
}

bytes encode(const registry_state& state) {
    bytes out{format};
    put_fixed(out, state.counts.total);
    put_fixed(out, state.counts.enabled);
    put_fixed(out, state.changes);
    return out;
}

std::optional<registry_state> decode_registry_state(bytes_view value) {
    bytes_reader in(value);
    registry_state state;
    const bool known = in.fixed<std::uint8_t>() == format;
    state.counts.total = in.fixed<std::uint64_t>();
    state.counts.enabled = in.fixed<std::uint64_t>();
    state.changes = in.fixed<std::uint64_t>();
    return known && in.ended() ? std::optional(state) : std::nullopt;
}

} // namespace capstan::store::values
