#pragma once
#include <string_view>

#include <capstan/amqp/error.hpp>
#include <capstan/error.hpp>

namespace capstan::client {

/// What a peer's error means to a client. An empty one (a link that was closed without a word) counts as transient. The words of
/// the JSON text that hubs send as description are taken out of it. contract/iothub-amqp.md, section 10.2.
client_error classify(const amqp::error& from_peer);

/// Whether a message that was rejected so may be accepted a little later: the hub is busy, or in trouble. What it does not say is for
/// good: a full queue, which may stay full for long, too.
bool passes_by_itself(const amqp::error& from_peer);

/// What the answer to a request means: of $cbs, $management, HTTP.
client_error classify_status(int status, std::string_view description);

} // namespace capstan::client
