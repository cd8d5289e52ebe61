#pragma once
#include "hub/endpoints/endpoint.hpp"
#include "hub/routing/sender.hpp"
#include "hub/telemetry/annotations.hpp"

namespace capstan::hub {

/// /devices/{id}/messages/events: a device sends telemetry. contract/iothub-amqp.md, section 8.
///
/// What arrives in one turn of the io thread is appended to the logs together, and accepted together once all of it is on disk: in
/// the built-in event hub's log, or in those of the endpoints to which the routes lead.
class telemetry_in_endpoint final : public endpoint {
public:
    telemetry_in_endpoint(conversation& with, amqp::link_id link, const store::device& sender, std::string module, identities::proof by);
    ~telemetry_in_endpoint() override;

    void open() override;
    void on_delivery(const amqp::delivery& delivery) override;
    void on_credit() override; ///< the sender has given its credit back
    /// What came in this turn is stored all the same: of what was sent settled nobody would hear that it is lost.
    void on_detached() override { flush(); }

private:
    telemetry_in_endpoint(conversation& with, amqp::link_id link, routing::sender who);

    /// Deliveries whose ids lie behind each other: one disposition answers them.
    struct run {
        std::uint32_t first, last;
    };
    /// What is in the log's hands together.
    struct group {
        std::vector<run> runs;
        std::size_t deliveries = 0;
        std::size_t bytes = 0; ///< as they are stored: of many small events, far more than what came
    };

    std::expected<void, amqp::error> take(const amqp::delivery& delivery);
    std::expected<void, amqp::error> take_batch(const amqp::message_view& batch, wall_time now);
    void take_message(const amqp::message_view& message, wall_time now);
    void add_to(std::size_t event_hub, const amqp::message_view& message);
    std::size_t stored() const;
    void gather(const amqp::delivery& delivery, std::size_t stored);
    void flush();
    void append(store::reply_to<void> reply);
    void append(std::size_t event_hub, store::reply_to<void> reply);
    void append_to_several(std::size_t targets, std::function<void(const store::outcome<void>&)> durable);
    void on_durable(const group& done, const store::outcome<void>& result);

    const annotation_pairs stamp_;
    const std::uint64_t device_hash_;         ///< says the partition
    std::unique_ptr<const routing::sender> routed_; ///< as conditions see it; none where there are no routes
    std::vector<store::event_batch> batches_; ///< by event hub
    group gathered_;
    annotation_pairs scratch_;
    bool flush_posted_ = false;
    std::size_t unanswered_ = 0, bytes_ = 0; ///< with the log
};

/// The partition of a device's events: the same for ever, for one number of partitions.
store::partition_id partition_of(std::string_view device, store::partition_id count);

} // namespace capstan::hub
