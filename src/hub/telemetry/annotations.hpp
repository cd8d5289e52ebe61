#pragma once
// What the hub says of an event beside the device's own message: contract/event-hubs.md, section 5; iothub-amqp.md, 8.1.

#include <string_view>

#include <capstan/amqp/message.hpp>

#include "base/clock.hpp"
#include "hub/identities.hpp"
#include "store/telemetry_log.hpp"

namespace capstan::hub {

/// Who sends on a link, as stamped on each of its events.
struct sender_stamp {
    std::string_view device;
    std::string_view module;        ///< empty: the device itself
    std::string_view generation_id;
    std::string_view auth_method;   ///< JSON text
    std::string_view model_id;      ///< empty: none announced
};

/// Encoded key-value pairs, and how many there are.
struct annotation_pairs {
    bytes encoded;
    std::uint32_t count = 0;
};

/// The pairs that are the same for all events of a link.
annotation_pairs stamp_pairs(const sender_stamp& sender);

/// The same with the time at which the hub took the messages.
annotation_pairs stamp_pairs_at(const annotation_pairs& stamp, wall_time now);

/// The pairs of one message: what the device may annotate. Replaces `out`.
void message_pairs(const amqp::message_view& message, annotation_pairs& out);

/// {"scope":…,"type":…,"issuer":"iothub","acceptingIpFilterRule":null}
std::string auth_method_text(identities::proof by, bool module);

/// The message-annotations section of a stored event for a reader: the log's pairs, then `event.stamp` and
/// `event.annotations` follow on the wire. Replaces `out`.
void annotations_head(const store::event_view& event, bytes& out);

/// Delivery-annotations for a reader that asked for runtime metrics (contract/event-hubs.md, 4.3). Replaces `out`.
void metrics_section(const store::partition_state& state, wall_time now, bytes& out);

} // namespace capstan::hub
