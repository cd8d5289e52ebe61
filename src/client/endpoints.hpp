#pragma once
// Where hubs are to be found. contract/iothub-amqp.md, section 2.1.

#include "client/transport/byte_stream.hpp"

namespace capstan::client {

/// "hub.example:15671" without the port.
std::string without_port(std::string_view host);

/// Of an IoT hub. A port that follows the name goes before those of the options, but with WebSockets, for it is AMQP's.
endpoint hub_endpoint(std::string_view host, const client_options& options);
/// Of an event hub's namespace.
endpoint event_hub_endpoint(std::string_view host, const client_options& options);

} // namespace capstan::client
