#pragma once
#include <expected>
#include <memory>
#include <optional>

#include "hub/endpoints/endpoint.hpp"

namespace capstan::hub {

/// Why a link is refused. A pause is made where the client wants it (connection::refuse).
struct refusal {
    amqp::error why;
    std::chrono::milliseconds pause{0};
    std::optional<wall_time> turn{}; ///< it is no refusal: the link is to be looked at again then
};

/// The endpoint for a link that the peer has attached: looks its address up, and what the peer may do. The endpoint is not open yet.
std::expected<std::shared_ptr<endpoint>, refusal> make_endpoint(conversation& with, const amqp::link_info& link);

/// Whether the peer may still have a link that it was once allowed: for the time when a token runs out.
bool link_allowed(const conversation& with, const amqp::link_info& link);

} // namespace capstan::hub
