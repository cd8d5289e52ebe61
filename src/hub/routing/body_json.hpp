#pragma once
#include <expected>
#include <string>

#include <boost/json/value.hpp>
#include <capstan/amqp/message.hpp>

#include "base/bytes.hpp"

namespace capstan::hub::routing {

/// The body of a message that says that it is JSON, in UTF-8, UTF-16 or UTF-32, and is; otherwise why not. Conditions and endpoints
/// see the same (contract/semantics.md, 4.1 and 4.4).
std::expected<boost::json::value, std::string> json_of(const amqp::message_view& message, const amqp::message_properties& properties);

} // namespace capstan::hub::routing
