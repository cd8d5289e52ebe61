#pragma once
// What the ids and properties of a message may look like: of every cloud-to-device message, and of telemetry over HTTPS. Telemetry over
// AMQP is freer, with Azure and here. contract/semantics.md, section 3.3.
//
// Azure's documentation holds the properties of commands to what a header may hold, by whatever way they are sent. Here only headers are:
// AMQP carries any text, and so do the clients at both its ends.

#include <optional>
#include <string>
#include <string_view>

#include <capstan/amqp/message.hpp>

#include "base/clock.hpp"

namespace capstan::hub {

/// At most 128 characters: letters, digits and - : . + % _ # * ? ! ( ) , = @ ; $ '
bool valid_message_id(std::string_view text);

/// Names and values of application properties: letters, digits and ! # $ % & ' * + - . ^ _ ` | ~; a value may be empty.
bool valid_property_text(std::string_view text);

/// UTC, without an offset: 2026-01-31T23:59:59, with a fraction of up to nine digits or none, with a Z or none. None when it is no such
/// time.
std::optional<wall_time> parse_utc_time(std::string_view text);
inline bool valid_creation_time(std::string_view text) { return parse_utc_time(text).has_value(); }

/// What is wrong with the message id and the application properties of a command over AMQP; none when nothing is. Properties that are
/// the system's, by their names, have rules of their own; of those iothub-creation-time-utc's is looked at here. Keys and values are
/// texts.
std::optional<std::string> command_problem(std::string_view message_id, const amqp::map& properties);
/// The same of a message that comes in headers.
std::optional<std::string> message_problem(std::string_view message_id, const amqp::map& properties);

} // namespace capstan::hub
