#include "client/registry/device_json.hpp"

#include "client/iso_time.hpp"

namespace capstan::client {
namespace {

namespace json = boost::json;

constexpr std::string_view names[] = {"sas", "selfSigned", "certificateAuthority", "none"};

/// A member of an object, or null.
const json::value& member(const json::value& of, std::string_view name) {
    static const json::value none;
    const auto* found = of.is_object() ? of.as_object().if_contains(name) : nullptr;
    return found ? *found : none;
}

} // namespace

std::string text_at(const json::value& object, std::string_view name) {
    const auto& found = member(object, name);
    return found.is_string() ? std::string(found.as_string()) : std::string();
}

json::object device_json::write(const device& what) {
    json::object authentication{{"type", names[static_cast<std::size_t>(what.authentication_)]}};
    if (what.authentication_ == device_authentication::sas)
        authentication["symmetricKey"] = {{"primaryKey", what.primary_key_}, {"secondaryKey", what.secondary_key_}};
    if (what.authentication_ == device_authentication::self_signed)
        authentication["x509Thumbprint"] = {{"primaryThumbprint", what.primary_thumbprint_},
                                            {"secondaryThumbprint", what.secondary_thumbprint_}};
    return {{"deviceId", what.id_},
            {"status", what.enabled_ ? "enabled" : "disabled"},
            {"statusReason", what.status_reason_},
            {"authentication", std::move(authentication)},
            {"capabilities", {{"iotEdge", what.edge_}}}};
}

device device_json::read(const json::value& from) {
    device made(text_at(from, "deviceId"));
    made.enabled_ = text_at(from, "status") != "disabled";
    made.status_reason_ = text_at(from, "statusReason");
    const auto& authentication = member(from, "authentication");
    for (std::size_t index = 0; index < std::size(names); ++index)
        if (text_at(authentication, "type") == names[index])
            made.authentication_ = static_cast<device_authentication>(index);
    made.primary_key_ = text_at(member(authentication, "symmetricKey"), "primaryKey");
    made.secondary_key_ = text_at(member(authentication, "symmetricKey"), "secondaryKey");
    made.primary_thumbprint_ = text_at(member(authentication, "x509Thumbprint"), "primaryThumbprint");
    made.secondary_thumbprint_ = text_at(member(authentication, "x509Thumbprint"), "secondaryThumbprint");
    const auto& edge = member(member(from, "capabilities"), "iotEdge");
    made.edge_ = edge.is_bool() && edge.as_bool();
    made.etag_ = text_at(from, "etag");
    made.generation_id_ = text_at(from, "generationId");
    made.connected_ = text_at(from, "connectionState") == "Connected";
    made.last_activity_ = parse_iso_time(text_at(from, "lastActivityTime")).value_or(wall_clock_time());
    const auto& waiting = member(from, "cloudToDeviceMessageCount");
    made.waiting_commands_ = waiting.is_int64() ? static_cast<std::uint32_t>(waiting.as_int64()) : 0;
    return made;
}

json::object device_json::write(const device_module& what) {
    json::object authentication{{"type", "sas"},
                                {"symmetricKey", {{"primaryKey", what.primary_key_}, {"secondaryKey", what.secondary_key_}}}};
    return {{"deviceId", what.device_id_},
            {"moduleId", what.id_},
            {"managedBy", what.managed_by_},
            {"authentication", std::move(authentication)}};
}

device_module device_json::read_module(const json::value& from) {
    device_module made(text_at(from, "deviceId"), text_at(from, "moduleId"));
    made.managed_by_ = text_at(from, "managedBy");
    const auto& keys = member(member(from, "authentication"), "symmetricKey");
    made.primary_key_ = text_at(keys, "primaryKey");
    made.secondary_key_ = text_at(keys, "secondaryKey");
    made.etag_ = text_at(from, "etag");
    made.generation_id_ = text_at(from, "generationId");
    made.connected_ = text_at(from, "connectionState") == "Connected";
    made.last_activity_ = parse_iso_time(text_at(from, "lastActivityTime")).value_or(wall_clock_time());
    return made;
}

} // namespace capstan::client
