#pragma once
#include "hub/commands/command_center.hpp"
#include "hub/endpoints/locked_out.hpp"

namespace capstan::hub {

/// /devices/{id}[/modules/{id}]/messages/devicebound: a device or a module, by its key, receives its commands. contract/iothub-amqp.md, 6.2
/// and 6.3.
class commands_out_endpoint final : public locked_out_endpoint, public command_receiver {
public:
    commands_out_endpoint(conversation& with, amqp::link_id link);
    ~commands_out_endpoint() override;

    void on_credit() override;

    void deliver(locked_command command) override;

private:
    void settle(const lock_token& token, verdict what, amqp::delivery_id id, bool confirm) override;

    const receiver_id id_;
};

} // namespace capstan::hub
