#pragma once
// Messages as the hub knows them: string ids, texts as application properties. contract/iothub-amqp.md, sections 6.1 and 8.1.

#include <capstan/amqp/message.hpp>
#include <capstan/message.hpp>

namespace capstan::client {

/// A message without an id gets one.
amqp::bytes encode(message what);

/// A batch of telemetry: format 0x80013700, one data section for each message.
amqp::bytes encode_batch(std::vector<message> what);

/// What a client can know of a message that came: properties, application properties (numbers and the like as text), the body's
/// data or text.
message decode(const amqp::message_view& from);

} // namespace capstan::client
