#include "hub/telemetry/annotations.hpp"

#include <fmt/format.h>

#include "hub/telemetry/position.hpp"

namespace capstan::hub {
namespace {

amqp::timestamp to_amqp(wall_time time) { return {time.time_since_epoch().count()}; }

/// Device annotations that mean something to readers; all others are left out, so none can pose as the hub's own.
constexpr std::string_view passed_on[] = {"iothub-interface-id", "dt-subject", "Diagnostic-Id", "Correlation-Context"};
/// Application properties that are system properties by their name, and that readers find among the annotations too.
constexpr std::string_view lifted[] = {"iothub-creation-time-utc"};

class pair_writer {
public:
    explicit pair_writer(annotation_pairs& out) : pair_writer(out.encoded, out.count) {}
    pair_writer(bytes& encoded, std::uint32_t& count) : to_(encoded), count_(count) {}
    template<class T> void add(std::string_view key, const T& content) {
        to_.write(amqp::symbol_view{key});
        to_.write(content);
        ++count_;
    }
    void add_text(std::string_view key, std::string_view text) {
        if (!text.empty())
            add(key, text);
    }

private:
    amqp::encoder to_;
    std::uint32_t& count_;
};

void put_big_endian(std::uint8_t* to, std::uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8)
        *to++ = static_cast<std::uint8_t>(number >> shift);
}

} // namespace

annotation_pairs stamp_pairs(const sender_stamp& sender) {
    annotation_pairs pairs;
    pair_writer to(pairs);
    to.add("iothub-connection-device-id", sender.device);
    to.add_text("iothub-connection-module-id", sender.module);
    to.add("iothub-connection-auth-method", sender.auth_method);
    to.add("iothub-connection-auth-generation-id", sender.generation_id);
    to.add("iothub-message-source", std::string_view("Telemetry"));
    to.add_text("dt-dataschema", sender.model_id);
    pairs.encoded.shrink_to_fit(); // kept as long as the link
    return pairs;
}

annotation_pairs stamp_pairs_at(const annotation_pairs& stamp, wall_time now) {
    annotation_pairs pairs = stamp;
    pair_writer(pairs).add("iothub-enqueuedtime", to_amqp(now));
    return pairs;
}

void message_pairs(const amqp::message_view& message, annotation_pairs& out) {
    out.encoded.clear();
    out.count = 0;
    pair_writer to(out);
    const auto take = [&](const amqp::section& from, std::span<const std::string_view> keys) {
        if (!from)
            return;
        for (const auto key : keys)
            if (const auto entry = amqp::find_entry(from.content, key))
                to.add(key, entry);
    };
    take(message.message_annotations(), passed_on);
    take(message.application_properties(), lifted);
}

std::string auth_method_text(identities::proof by, bool module) {
    const auto* scope = by == identities::proof::policy ? "hub" : module ? "module" : "device";
    const auto [type, issuer] = by == identities::proof::certificate ? std::pair("x509", "external") : std::pair("sas", "iothub");
    return fmt::format(R"({{"scope":"{}","type":"{}","issuer":"{}","acceptingIpFilterRule":null}})", scope, type, issuer);
}

void annotations_head(const store::event_view& event, bytes& out) {
    // 0x00 0x53 0x72: message-annotations; 0xd1: map with 4-byte size (of what follows it, so with the count) and count.
    constexpr std::size_t size_at = 4, count_at = 8, pairs_at = 12;
    out.assign({0x00, 0x53, 0x72, 0xd1, 0, 0, 0, 0, 0, 0, 0, 0});
    std::uint32_t count = event.pair_count;
    pair_writer to(out, count);
    to.add("x-opt-sequence-number", static_cast<std::int64_t>(event.sequence));
    to.add("x-opt-offset", std::string_view(offset_of(event.sequence)));
    to.add("x-opt-enqueued-time", to_amqp(event.enqueued));
    const auto size = count_at - size_at + (out.size() - pairs_at) + event.stamp.size() + event.annotations.size();
    put_big_endian(out.data() + size_at, static_cast<std::uint32_t>(size));
    put_big_endian(out.data() + count_at, 2 * count);
}

void metrics_section(const store::partition_state& state, wall_time now, bytes& out) {
    out.clear();
    amqp::message_builder(out).delivery_annotations([&](amqp::map_writer& entries) {
        entries.add("last_enqueued_sequence_number", static_cast<std::int64_t>(state.next) - 1);
        entries.add("last_enqueued_offset", std::string_view(state.next == 0 ? "-1" : offset_of(state.next - 1)));
        entries.add("last_enqueued_time_utc", to_amqp(state.last_enqueued));
        entries.add("runtime_info_retrieval_time_utc", to_amqp(now));
    });
}

} // namespace capstan::hub
