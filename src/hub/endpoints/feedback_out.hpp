#pragma once
#include "hub/commands/feedback_center.hpp"
#include "hub/endpoints/locked_out.hpp"

namespace capstan::hub {

/// /messages/serviceBound/feedback, received from: what became of a service's commands. contract/iothub-amqp.md, 7.1.
class feedback_out_endpoint final : public locked_out_endpoint, public feedback_receiver {
public:
    feedback_out_endpoint(conversation& with, amqp::link_id link);
    ~feedback_out_endpoint() override;

    void on_credit() override;

    void deliver(locked_feedback batch) override;

private:
    void settle(const lock_token& token, verdict what, amqp::delivery_id id, bool confirm) override;

    const receiver_id id_;
};

} // namespace capstan::hub
