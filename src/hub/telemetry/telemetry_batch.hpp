#pragma once
// Telemetry of one sender on its way into the logs: looked at, stamped, routed, and appended together.

#include <expected>
#include <functional>
#include <memory>
#include <vector>

#include <capstan/amqp/error.hpp>
#include <capstan/amqp/message.hpp>

#include "hub/hub.hpp"
#include "hub/routing/sender.hpp"
#include "hub/telemetry/annotations.hpp"

namespace capstan::hub {

/// For one thread. What routes it is in the hub, which outlives it.
class telemetry_batch {
public:
    telemetry_batch(hub& of, routing::sender who);

    /// Decode, limits, stamp: the message's events are in the batch, or nothing of it is. `format` is the message format: one of a
    /// batch holds several messages.
    std::expected<void, amqp::error> take(bytes_view message, std::uint32_t format, wall_time now);

    /// Bytes as they will be stored: of many small events, far more than what came.
    std::size_t size() const;

    /// Appends all to the built-in event hub's log, or to those of the endpoints to which the routes lead, and is empty then. `durable`
    /// runs on `home`, never inside the call, when all is on disk or something of it is not.
    using reply = std::function<void(const store::outcome<void>&)>;
    void append(run_queue& home, reply durable);

private:
    std::expected<void, amqp::error> take_batch(const amqp::message_view& batch, wall_time now);
    void take_message(const amqp::message_view& message, wall_time now);
    void take_mended(const amqp::message_view& message, wall_time now);
    void add_to(std::size_t event_hub, const annotation_pairs& pairs, const amqp::message_view& message, wall_time now);
    void append_to(std::size_t event_hub, run_queue& home, reply durable);
    void append_to_several(std::size_t targets, run_queue& home, reply durable);

    hub& hub_;
    const annotation_pairs stamp_;
    const std::uint64_t device_hash_; ///< says the partition: the same for ever, for one number of partitions
    std::unique_ptr<const routing::sender> routed_; ///< as conditions see it; none where there are no routes
    std::vector<store::event_batch> batches_; ///< by event hub
    std::size_t usual_size_ = 0; ///< of a batch: what the last one took
};

/// Modulo the count of partitions, which one takes the events of this device and its modules.
std::uint64_t partition_hash(std::string_view device);

} // namespace capstan::hub
