#pragma once
#include <span>

#include <capstan/amqp/message.hpp>

#include "base/bytes.hpp"

#include "hub/routing/routes.hpp"

namespace capstan::hub::routing {

/// The sender's part of a message with these application properties added, in place of the device's own of the same name
/// (contract/semantics.md, 4.8). Replaces `out`.
void enrich(const amqp::message_view& message, std::span<const property> added, bytes& out);

} // namespace capstan::hub::routing
