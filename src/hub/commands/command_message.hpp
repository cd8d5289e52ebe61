#pragma once
// Cloud-to-device messages: from what a service sends to what is stored, and from that to what a device gets.
// contract/iothub-amqp.md, sections 6.1 and 6.2.

#include <expected>
#include <optional>
#include <string>

#include <capstan/amqp/message.hpp>

#include "hub/commands/mailbox.hpp"

namespace capstan::hub {

/// A command whose target is known but not looked up yet.
struct incoming_command {
    std::string to; ///< the message's `to`: an address
    store::command command;
};

/// Checks size, ids, properties, ack and expiry of a service's message, and writes what the device will get.
std::expected<incoming_command, amqp::error> read_command(const amqp::message_view& message, const settings& rules, wall_time now);

/// The annotations in front of a stored command, for one delivery of it. Replaces `out`.
void write_command_head(const store::command& command, const lock_token& token, bytes& out);

/// The token as the text of a GUID: the first three groups are little-endian in the token.
std::string token_text(const lock_token& token);
/// And back; none when it is no such text.
std::optional<lock_token> token_from_text(std::string_view text);

} // namespace capstan::hub
