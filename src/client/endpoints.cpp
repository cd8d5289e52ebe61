#include "client/endpoints.hpp"

#include <charconv>

#include <capstan/error.hpp>

namespace capstan::client {
namespace {

std::uint16_t default_port(transport how) {
    switch (how) {
    case transport::amqp: return 5671;
    case transport::amqp_over_websockets: return 443;
    case transport::plain_amqp: break;
    }
    return 5672;
}

/// Where the port's colon is: behind a name, or behind a bracketed address.
std::size_t colon_of(std::string_view host) {
    const auto colon = host.rfind(':');
    const bool bare_ipv6 = colon != host.npos && host.find(':') != colon && !host.starts_with('[');
    const bool inside = colon != host.npos && host.starts_with('[') && host.find(']') > colon;
    return bare_ipv6 || inside ? host.npos : colon;
}

endpoint make(std::string_view host, const client_options& options, std::string_view path) {
    endpoint to;
    to.host = without_port(host);
    to.port = options.port().value_or(default_port(options.over()));
    to.websocket_path = path;
    const auto colon = colon_of(host);
    if (colon == host.npos || options.over() == transport::amqp_over_websockets)
        return to;
    const auto digits = host.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), to.port);
    if (error != std::errc() || end != digits.data() + digits.size())
        throw client_error(errc::invalid_argument, "the port of '" + std::string(host) + "' is not a number");
    return to;
}

} // namespace

std::string without_port(std::string_view host) {
    host = host.substr(0, colon_of(host));
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    return std::string(host);
}

endpoint hub_endpoint(std::string_view host, const client_options& options) { return make(host, options, "/$iothub/websocket"); }
endpoint event_hub_endpoint(std::string_view host, const client_options& options) { return make(host, options, "/$servicebus/websocket"); }

} // namespace capstan::client
