#pragma once
#include "hub/endpoints/request_response.hpp"

namespace capstan::hub {

/// $management of the event-hub-compatible endpoint: READ of the event hub and of its partitions. contract/event-hubs.md, section 3.
class management_endpoint final : public request_endpoint {
public:
    management_endpoint(conversation& with, amqp::link_id link) : request_endpoint(with, link, with.management_replies()) {}

private:
    response answer(const request& asked) override;
    bool allowed(const request& asked);
    response describe(const event_hub& hub) const;
    response describe_partition(const event_hub& hub, store::partition_id id) const;
};

} // namespace capstan::hub
