#pragma once
#include "hub/endpoints/delivery_meter.hpp"
#include "hub/endpoints/endpoint.hpp"
#include "hub/telemetry/telemetry_batch.hpp"

namespace capstan::hub {

/// /devices/{id}/messages/events: a device or a module sends telemetry. contract/iothub-amqp.md, section 8.
///
/// What arrives in one turn of the io thread is appended together, and accepted together once it is on disk.
class telemetry_in_endpoint final : public endpoint {
public:
    /// `sender`: a device, or a module by its key.
    telemetry_in_endpoint(conversation& with, amqp::link_id link, const store::device& sender, identities::proof by);
    ~telemetry_in_endpoint() override;

    void open() override;
    void on_delivery(const amqp::delivery& delivery) override;
    void on_credit() override; ///< the sender has given its credit back
    /// What came in this turn is stored all the same: of what was sent settled nobody would hear that it is lost.
    void on_detached() override {
        if (meter_)
            meter_->link_gone();
        flush();
    }

private:
    /// Deliveries whose ids lie behind each other: one disposition answers them.
    struct run {
        std::uint32_t first, last;
    };
    /// What is in the log's hands together.
    struct group {
        std::vector<run> runs;
        std::size_t deliveries = 0;
        std::size_t bytes = 0; ///< as they are stored
    };

    void gather(const amqp::delivery& delivery, std::size_t stored);
    void flush();
    void on_durable(const group& done, const store::outcome<void>& result);

    const std::unique_ptr<delivery_meter> meter_; ///< none: no delivery waits for a turn
    telemetry_batch batch_;
    group gathered_;
    bool flush_posted_ = false;
    wall_time came_{}; ///< when the first of what is in gathered_ came
    std::size_t unanswered_ = 0, bytes_ = 0; ///< with the log
};

/// What stands in the stamp of each of its events: of a device, or of a module by its key.
routing::sender sender_of(const store::device& holder, identities::proof by, std::string model_id = {});

} // namespace capstan::hub
