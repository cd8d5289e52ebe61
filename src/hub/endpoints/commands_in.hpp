#pragma once
#include "hub/endpoints/endpoint.hpp"

namespace capstan::hub {

/// /messages/devicebound: a service sends cloud-to-device messages. contract/iothub-amqp.md, 6.1.
class commands_in_endpoint final : public endpoint {
public:
    using endpoint::endpoint;
    ~commands_in_endpoint() override { with_.unanswered -= unanswered_; }

    void open() override;
    void on_delivery(const amqp::delivery& delivery) override;
    void on_credit() override; ///< the sender has given its credit back

private:
    std::expected<void, amqp::error> take(const amqp::delivery& delivery);
    void on_taken(amqp::delivery_id id, bool settled, std::optional<amqp::error> error);

    std::size_t unanswered_ = 0;
};

} // namespace capstan::hub
