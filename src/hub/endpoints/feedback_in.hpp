#pragma once
#include "hub/endpoints/endpoint.hpp"

namespace capstan::hub {

/// /messages/serviceBound/feedback, sent to: a device reports the outcome of a command that it holds, as the AMQP page's table of
/// device links has it. No client of Azure's opens this link; what it means here stands in docs/compatibility.md:
/// correlation-id names the command by its message id; the application property iothub-outcome is complete (the default), reject
/// or abandon; the body is ignored. The report is accepted once the outcome is on disk, and settles the command like a disposition.
class feedback_in_endpoint final : public endpoint {
public:
    using endpoint::endpoint;
    ~feedback_in_endpoint() override { with_.unanswered -= unanswered_; }

    void open() override;
    void on_delivery(const amqp::delivery& delivery) override;

private:
    std::expected<void, amqp::error> take(const amqp::delivery& delivery);
    std::size_t unanswered_ = 0;
};

} // namespace capstan::hub
