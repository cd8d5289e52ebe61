#include "auth/connection_string.hpp"

#include <span>

#include "auth/ascii.hpp"

namespace capstan::auth {
namespace {

/// No client makes longer ones.
constexpr std::size_t max_size = 4 * 1024;

struct field {
    std::string_view key;
    std::string* value;
};

std::expected<void, std::string> put_field(std::span<const field> known, std::string_view key, std::string_view value) {
    for (const field& one : known) {
        if (!equal_ignoring_case(one.key, key))
            continue;
        if (!one.value->empty())
            return std::unexpected("the connection string has '" + std::string(one.key) + "' twice");
        if (value.empty())
            return std::unexpected("the connection string's '" + std::string(one.key) + "' is empty");
        *one.value = value;
        return {};
    }
    return std::unexpected("the connection string has the unknown key '" + std::string(key) + "'");
}

std::expected<void, std::string> read_fields(std::string_view text, std::span<const field> known) {
    if (text.size() > max_size)
        return std::unexpected("the connection string is longer than " + std::to_string(max_size) + " bytes");
    while (!text.empty()) {
        const std::string_view part = text.substr(0, text.find(';'));
        text.remove_prefix(std::min(part.size() + 1, text.size()));
        if (part.empty())
            continue;
        const std::size_t equals = part.find('=');
        if (equals == std::string_view::npos) // not quoted: it may be a piece of a key
            return std::unexpected("the connection string has a part without '='");
        if (auto put = put_field(known, part.substr(0, equals), part.substr(equals + 1)); !put)
            return put;
    }
    return {};
}

std::expected<bool, std::string> read_flag(std::string_view key, std::string_view value) {
    if (value.empty() || equal_ignoring_case(value, "false"))
        return false;
    if (equal_ignoring_case(value, "true"))
        return true;
    return std::unexpected("the connection string's '" + std::string(key) + "' is neither true nor false");
}

std::string missing(std::string_view key) { return "the connection string lacks '" + std::string(key) + "'"; }

std::expected<void, std::string> check(const hub_connection_string& value) {
    if (value.host_name.empty())
        return std::unexpected(missing("HostName"));
    if (value.device_id.empty() && !value.module_id.empty())
        return std::unexpected(missing("DeviceId") + ", which 'ModuleId' needs");
    if (value.device_id.empty() && value.policy.empty())
        return std::unexpected(missing("SharedAccessKeyName") + " or 'DeviceId'");
    if (value.x509 && !value.key.empty())
        return std::unexpected("the connection string has both 'x509=true' and 'SharedAccessKey'");
    if (!value.x509 && value.key.empty())
        return std::unexpected(missing("SharedAccessKey"));
    return {};
}

void append_field(std::string& text, std::string_view key, std::string_view value) {
    if (value.empty())
        return;
    text += text.empty() ? "" : ";";
    text += key;
    text += '=';
    text += value;
}

} // namespace

std::expected<hub_connection_string, std::string> parse_hub_connection_string(std::string_view text) {
    hub_connection_string value;
    std::string x509;
    const field known[] = {{"HostName", &value.host_name},
                           {"SharedAccessKeyName", &value.policy},
                           {"DeviceId", &value.device_id},
                           {"ModuleId", &value.module_id},
                           {"SharedAccessKey", &value.key},
                           {"GatewayHostName", &value.gateway},
                           {"x509", &x509}};
    if (auto read = read_fields(text, known); !read)
        return std::unexpected(read.error());
    const auto flag = read_flag("x509", x509);
    if (!flag)
        return std::unexpected(flag.error());
    value.x509 = *flag;
    if (auto checked = check(value); !checked)
        return std::unexpected(checked.error());
    return value;
}

std::expected<event_hub_connection_string, std::string> parse_event_hub_connection_string(std::string_view text) {
    event_hub_connection_string value;
    std::string emulator;
    const field known[] = {{"Endpoint", &value.endpoint},
                           {"SharedAccessKeyName", &value.policy},
                           {"SharedAccessKey", &value.key},
                           {"EntityPath", &value.entity},
                           {"UseDevelopmentEmulator", &emulator}};
    if (auto read = read_fields(text, known); !read)
        return std::unexpected(read.error());
    for (const field& needed : std::span(known).first(3))
        if (needed.value->empty())
            return std::unexpected(missing(needed.key));
    if (!equal_ignoring_case(std::string_view(value.endpoint).substr(0, 5), "sb://"))
        return std::unexpected("the connection string's 'Endpoint' does not begin with sb://");
    const auto flag = read_flag("UseDevelopmentEmulator", emulator);
    if (!flag)
        return std::unexpected(flag.error());
    value.development_emulator = *flag;
    return value;
}

std::string to_text(const hub_connection_string& value) {
    std::string text;
    append_field(text, "HostName", value.host_name);
    append_field(text, "DeviceId", value.device_id);
    append_field(text, "ModuleId", value.module_id);
    append_field(text, "SharedAccessKeyName", value.policy);
    append_field(text, "SharedAccessKey", value.key);
    append_field(text, "GatewayHostName", value.gateway);
    append_field(text, "x509", value.x509 ? "true" : "");
    return text;
}

std::string to_text(const event_hub_connection_string& value) {
    std::string text;
    append_field(text, "Endpoint", value.endpoint);
    append_field(text, "SharedAccessKeyName", value.policy);
    append_field(text, "SharedAccessKey", value.key);
    append_field(text, "EntityPath", value.entity);
    append_field(text, "UseDevelopmentEmulator", value.development_emulator ? "true" : "");
    return text;
}

} // namespace capstan::auth
