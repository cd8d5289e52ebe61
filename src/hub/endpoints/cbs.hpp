#pragma once
#include "hub/endpoints/request_response.hpp"

namespace capstan::hub {

/// $cbs: tokens by which a peer shows who it is. contract/iothub-amqp.md, section 4.
class cbs_endpoint final : public request_endpoint {
public:
    cbs_endpoint(conversation& with, amqp::link_id link) : request_endpoint(with, link, with.cbs_replies()) {}

private:
    response answer(const request& asked) override;
};

} // namespace capstan::hub
