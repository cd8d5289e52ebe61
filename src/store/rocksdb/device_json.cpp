#include "store/rocksdb/device_json.hpp"

#include <stdexcept>

#include <boost/json.hpp>

namespace capstan::store {

namespace json = boost::json;

std::string device_to_json(const device& value) {
    json::array parents;
    for (const std::string& parent : value.parent_scopes)
        parents.emplace_back(parent);
    return json::serialize(json::object{
        {"id", value.id},
        {"generation", value.generation_id},
        {"etag", value.etag},
        {"enabled", value.enabled},
        {"statusReason", value.status_reason},
        {"statusUpdated", value.status_updated.time_since_epoch().count()},
        {"authentication", static_cast<std::uint8_t>(value.authentication)},
        {"primaryKey", value.primary_key},
        {"secondaryKey", value.secondary_key},
        {"primaryThumbprint", value.primary_thumbprint},
        {"secondaryThumbprint", value.secondary_thumbprint},
        {"edge", value.edge},
        {"scope", value.scope},
        {"parentScopes", std::move(parents)},
        {"managedBy", value.managed_by},
    });
}

namespace {

void read(const json::object& from, std::string_view name, std::string& to) {
    if (const json::value* member = from.if_contains(name))
        to = member->as_string();
}

void read(const json::object& from, std::string_view name, bool& to) {
    if (const json::value* member = from.if_contains(name))
        to = member->as_bool();
}

std::int64_t number(const json::object& from, std::string_view name) {
    const json::value* member = from.if_contains(name);
    return member ? member->to_number<std::int64_t>() : 0;
}

device read_device(const json::object& from) {
    device out;
    read(from, "id", out.id);
    read(from, "generation", out.generation_id);
    read(from, "etag", out.etag);
    read(from, "enabled", out.enabled);
    read(from, "statusReason", out.status_reason);
    out.status_updated = wall_time(std::chrono::milliseconds(number(from, "statusUpdated")));
    const std::int64_t authentication = number(from, "authentication");
    if (authentication < 0 || authentication > static_cast<std::int64_t>(authentication_type::none))
        throw std::out_of_range("authentication");
    out.authentication = static_cast<authentication_type>(authentication);
    read(from, "primaryKey", out.primary_key);
    read(from, "secondaryKey", out.secondary_key);
    read(from, "primaryThumbprint", out.primary_thumbprint);
    read(from, "secondaryThumbprint", out.secondary_thumbprint);
    read(from, "edge", out.edge);
    read(from, "scope", out.scope);
    read(from, "managedBy", out.managed_by);
    if (const json::value* parents = from.if_contains("parentScopes"))
        for (const json::value& parent : parents->as_array())
            out.parent_scopes.emplace_back(parent.as_string());
    return out;
}

} // namespace

std::optional<device> device_from_json(std::string_view text) {
    try {
        device out = read_device(json::parse(text).as_object());
        return out.id.empty() ? std::nullopt : std::optional(std::move(out));
    } catch (const std::exception&) { // from parse(), as_string() and the like: the text is damaged
        return std::nullopt;
    }
}

} // namespace capstan::store
