#pragma once
// AMQP over WebSockets begins as an HTTP request: contract/iothub-amqp.md, section 2.1.

#include <expected>
#include <string>

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include "http/exchange.hpp"

namespace capstan::http {

/// Both of Azure's paths, however they are written; the query does not count.
bool is_websocket_path(const std::vector<std::string>& path);

/// The HTTP response that agrees to the WebSocket, as text; or the answer that says why it cannot be had.
std::expected<std::string, answer> agree_to_websocket(const boost::beast::http::request_header<>& asked, wall_time now);

} // namespace capstan::http
