#pragma once
#include "hub/endpoints/delivery_meter.hpp"
#include "hub/endpoints/endpoint.hpp"

namespace capstan::hub {

/// /messages/devicebound: a service sends cloud-to-device messages. contract/iothub-amqp.md, 6.1.
class commands_in_endpoint final : public endpoint {
public:
    commands_in_endpoint(conversation& with, amqp::link_id link)
        : endpoint(with, link), meter_(delivery_meter::make(with, *this, operation::command_send)) {}
    ~commands_in_endpoint() override {
        with_.unanswered -= unanswered_;
        with_.bytes_in_flight -= bytes_;
    }

    void open() override;
    void on_delivery(const amqp::delivery& delivery) override;
    void on_credit() override; ///< the sender has given its credit back
    void on_detached() override {
        if (meter_)
            meter_->link_gone();
    }

private:
    std::expected<void, amqp::error> take(const amqp::delivery& delivery);
    void on_taken(amqp::delivery_id id, bool settled, std::size_t size, std::optional<amqp::error> error);

    const std::unique_ptr<delivery_meter> meter_; ///< none: no delivery waits for a turn
    std::size_t unanswered_ = 0, bytes_ = 0; ///< with the store: credit counts messages, and a thousand may be 64 MB
};

} // namespace capstan::hub
