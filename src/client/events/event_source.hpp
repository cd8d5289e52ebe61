#pragma once
#include <string>
#include <string_view>

#include <capstan/service_identity.hpp>

namespace capstan::client {

/// Where events are read: behind an IoT hub's redirect, or at an event hub directly.
struct event_source {
    /// Throws client_error (invalid_argument).
    explicit event_source(std::string_view connection_string);
    explicit event_source(const service_identity& hub) : hub_host(hub.host_name()), tokens(hub.tokens()) {}

    std::string hub_host; ///< to be asked for the redirect; empty: host and entity are known
    std::string host;     ///< of the event hub's namespace, perhaps with a port
    std::string entity;   ///< the event hub
    token_provider tokens;
};

} // namespace capstan::client
