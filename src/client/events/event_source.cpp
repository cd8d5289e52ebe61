#include "client/events/event_source.hpp"

#include <capstan/error.hpp>

#include "auth/ascii.hpp"
#include "auth/base64.hpp"
#include "auth/connection_string.hpp"
#include "client/credentials.hpp"

namespace capstan::client {
namespace {

/// "sb://host:port/" without what is around the host.
std::string host_of(std::string_view endpoint) {
    if (const auto scheme = endpoint.find("://"); scheme != endpoint.npos)
        endpoint.remove_prefix(scheme + 3);
    return std::string(endpoint.substr(0, endpoint.find('/')));
}

bool names_endpoint(std::string_view connection_string) {
    constexpr std::string_view key = "Endpoint=";
    return connection_string.size() > key.size() && auth::equal_ignoring_case(connection_string.substr(0, key.size()), key);
}

} // namespace

event_source::event_source(std::string_view connection_string) {
    if (!names_endpoint(connection_string)) {
        *this = event_source(service_identity(connection_string));
        return;
    }
    auto parsed = auth::parse_event_hub_connection_string(connection_string);
    if (!parsed)
        throw client_error(errc::invalid_argument, parsed.error());
    if (parsed->entity.empty())
        throw client_error(errc::invalid_argument, "the connection string names no event hub: it needs EntityPath");
    host = host_of(parsed->endpoint);
    entity = std::move(parsed->entity);
    // Event Hubs signs with the key's text, where IoT Hub signs with what the text stands for (contract/event-hubs.md, section 2.4).
    tokens = provider_of(auth::to_base64({reinterpret_cast<const std::uint8_t*>(parsed->key.data()), parsed->key.size()}),
                         std::move(parsed->policy));
}

} // namespace capstan::client
