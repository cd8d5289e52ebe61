#pragma once
// Connection strings as Azure's SDKs read and write them: Key=Value;Key=Value. A value may hold '='; keys are in any case.

#include <expected>
#include <string>
#include <string_view>

namespace capstan::auth {

/// HostName=..;{SharedAccessKeyName=..|DeviceId=..[;ModuleId=..]};{SharedAccessKey=..|x509=true}[;GatewayHostName=..]
struct hub_connection_string {
    std::string host_name;   ///< may be followed by ":port", which only Capstan's own tools read
    std::string policy;      ///< SharedAccessKeyName
    std::string device_id;
    std::string module_id;
    std::string key;         ///< SharedAccessKey, base64
    std::string gateway;     ///< GatewayHostName
    bool x509 = false;
};

/// Endpoint=sb://host[:port]/;SharedAccessKeyName=..;SharedAccessKey=..[;EntityPath=..][;UseDevelopmentEmulator=true]
struct event_hub_connection_string {
    std::string endpoint;    ///< sb://host[:port]/
    std::string policy;
    std::string key;
    std::string entity;      ///< EntityPath: the event hub's name
    bool development_emulator = false;
};

/// The error names what is missing, doubled, unknown or contradictory; it never quotes a key's value.
std::expected<hub_connection_string, std::string> parse_hub_connection_string(std::string_view text);
std::expected<event_hub_connection_string, std::string> parse_event_hub_connection_string(std::string_view text);

std::string to_text(const hub_connection_string& value);
std::string to_text(const event_hub_connection_string& value);

} // namespace capstan::auth
