#include "hub/registry/device_json.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "hub/conditions.hpp"

namespace capstan::hub {
namespace {

namespace json = boost::json;

/// Times of what never happened are the year 1 (contract/rest.md, section 3).
std::string time_text(wall_time time) {
    if (time == wall_time{})
        return "0001-01-01T00:00:00Z";
    return iso_time(time);
}

json::value text_or_null(const std::string& text) { return text.empty() ? json::value() : json::value(text); }

std::string_view type_text(store::authentication_type type) {
    switch (type) {
    case store::authentication_type::sas: return "sas";
    case store::authentication_type::self_signed: return "selfSigned";
    case store::authentication_type::certificate_authority: return "certificateAuthority";
    case store::authentication_type::none: return "none";
    }
    return "none";
}

std::optional<store::authentication_type> type_of(std::string_view text) {
    for (const auto type : {store::authentication_type::sas, store::authentication_type::self_signed,
                            store::authentication_type::certificate_authority, store::authentication_type::none})
        if (text == type_text(type))
            return type;
    return std::nullopt;
}

/// Takes members of an object one by one, and remembers the first that does not fit.
class member_reader {
public:
    explicit member_reader(const json::object& from) : from_(from) {}

    const json::value* find(std::string_view name) const {
        const auto* found = from_.if_contains(name);
        return found && !found->is_null() ? found : nullptr;
    }
    void text(std::string_view name, std::string& to) {
        const auto* found = find(name);
        if (found && found->is_string())
            to = found->as_string();
        else if (found)
            fail(name, "must be a string");
    }
    /// A member for which null means: none.
    void nullable_text(std::string_view name, std::string& to) {
        const auto* found = from_.if_contains(name);
        if (found && found->is_null())
            to.clear();
        else
            text(name, to);
    }
    void texts(std::string_view name, std::vector<std::string>& to) {
        const auto* found = find(name);
        if (!found)
            return;
        const auto* list = found->if_array();
        if (!list || !std::ranges::all_of(*list, &json::value::is_string))
            return fail(name, "must be an array of strings");
        to.clear();
        for (const auto& each : *list)
            to.emplace_back(each.as_string());
    }
    void flag(std::string_view name, bool& to) {
        const auto* found = find(name);
        if (found && found->is_bool())
            to = found->as_bool();
        else if (found)
            fail(name, "must be true or false");
    }
    /// The member as an object, for a reader of its own.
    const json::object* object(std::string_view name) {
        const auto* found = find(name);
        if (found && !found->is_object())
            fail(name, "must be an object");
        return found && found->is_object() ? &found->as_object() : nullptr;
    }
    void fail(std::string_view name, std::string_view why) {
        if (problem.empty())
            problem = fmt::format("{} {}", name, why);
    }
    std::string problem;

private:
    const json::object& from_;
};

/// Unicode characters of a UTF-8 text: the bytes that do not go on with one.
std::size_t length(std::string_view utf8) {
    return static_cast<std::size_t>(std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

void read_status(member_reader& body, store::device& device) {
    std::string status;
    body.text("status", status);
    if (status == "enabled" || status == "disabled")
        device.enabled = status == "enabled";
    else if (!status.empty())
        body.fail("status", "must be enabled or disabled");
    body.nullable_text("statusReason", device.status_reason);
    if (length(device.status_reason) > 128)
        body.fail("statusReason", "is longer than 128 characters");
}

std::string read_authentication(const json::object& from, store::device& device) {
    member_reader members(from);
    std::string type;
    members.text("type", type);
    if (const auto known = type_of(type))
        device.authentication = *known;
    else if (!type.empty())
        members.fail("authentication.type", "must be sas, selfSigned, certificateAuthority or none");
    std::string nested;
    if (const auto* keys = members.object("symmetricKey")) {
        member_reader pair(*keys);
        pair.text("primaryKey", device.primary_key);
        pair.text("secondaryKey", device.secondary_key);
        nested = pair.problem;
    }
    if (const auto* prints = members.object("x509Thumbprint")) {
        member_reader pair(*prints);
        pair.nullable_text("primaryThumbprint", device.primary_thumbprint);
        pair.nullable_text("secondaryThumbprint", device.secondary_thumbprint);
        if (nested.empty())
            nested = pair.problem;
    }
    return members.problem.empty() ? nested : members.problem;
}

json::object authentication_json(const store::device& device) {
    return {{"symmetricKey", {{"primaryKey", text_or_null(device.primary_key)}, {"secondaryKey", text_or_null(device.secondary_key)}}},
            {"x509Thumbprint",
             {{"primaryThumbprint", text_or_null(device.primary_thumbprint)},
              {"secondaryThumbprint", text_or_null(device.secondary_thumbprint)}}},
            {"type", type_text(device.authentication)}};
}

json::object empty_section() { return {{"$metadata", {{"$lastUpdated", time_text({})}}}, {"$version", 1}}; }

json::object twin_json(const store::device& of, std::string_view device_id, const live_state& state) {
    return {{"deviceId", device_id},
            {"etag", "AAAAAAAAAAE="}, // of a twin that was never changed
            {"deviceEtag", of.etag},
            {"status", of.enabled ? "enabled" : "disabled"},
            {"statusReason", text_or_null(of.status_reason)},
            {"statusUpdateTime", time_text(of.status_updated)},
            {"connectionState", state.connected ? "Connected" : "Disconnected"},
            {"lastActivityTime", time_text(state.last_activity)},
            {"cloudToDeviceMessageCount", state.queued_commands},
            {"authenticationType", type_text(of.authentication)},
            {"x509Thumbprint",
             {{"primaryThumbprint", text_or_null(of.primary_thumbprint)}, {"secondaryThumbprint", text_or_null(of.secondary_thumbprint)}}},
            {"modelId", ""},
            {"version", 2},
            {"tags", json::object()},
            {"properties", {{"desired", empty_section()}, {"reported", empty_section()}}}};
}

/// A member that says again what the path says.
void same_id(member_reader& members, std::string_view name, std::string_view in_path) {
    std::string id(in_path);
    members.text(name, id);
    if (id != in_path)
        members.fail(name, "differs from the one in the path");
}

} // namespace

json::object to_json(const store::device& device, const live_state& state) {
    json::object result{{"deviceId", device.id},
                        {"generationId", device.generation_id},
                        {"etag", device.etag},
                        {"connectionState", state.connected ? "Connected" : "Disconnected"},
                        {"status", device.enabled ? "enabled" : "disabled"},
                        {"statusReason", text_or_null(device.status_reason)},
                        {"connectionStateUpdatedTime", time_text(state.connection_changed)},
                        {"statusUpdatedTime", time_text(device.status_updated)},
                        {"lastActivityTime", time_text(state.last_activity)},
                        {"cloudToDeviceMessageCount", state.queued_commands},
                        {"authentication", authentication_json(device)},
                        {"capabilities", {{"iotEdge", device.edge}}}};
    if (!device.scope.empty())
        result["deviceScope"] = device.scope;
    if (!device.parent_scopes.empty())
        result["parentScopes"] = json::array(device.parent_scopes.begin(), device.parent_scopes.end());
    return result;
}

std::expected<store::device, std::string> merge_json(store::device onto, const json::value& body) {
    if (!body.is_object())
        return std::unexpected("The body must be a JSON object.");
    member_reader members(body.as_object());
    same_id(members, "deviceId", onto.id);
    read_status(members, onto);
    if (const auto* authentication = members.object("authentication"))
        if (auto problem = read_authentication(*authentication, onto); !problem.empty())
            return std::unexpected(std::move(problem));
    if (const auto* capabilities = members.object("capabilities")) {
        member_reader inner(*capabilities);
        inner.flag("iotEdge", onto.edge);
        if (!inner.problem.empty())
            return std::unexpected(std::move(inner.problem));
    }
    members.text("deviceScope", onto.scope);
    members.texts("parentScopes", onto.parent_scopes);
    if (!members.problem.empty())
        return std::unexpected(std::move(members.problem));
    return onto;
}

json::object module_to_json(const store::device& module, const live_state& state) {
    return {{"moduleId", store::module_in(module.id)},
            {"managedBy", text_or_null(module.managed_by)},
            {"deviceId", store::device_in(module.id)},
            {"generationId", module.generation_id},
            {"etag", module.etag},
            {"connectionState", state.connected ? "Connected" : "Disconnected"},
            {"connectionStateUpdatedTime", time_text(state.connection_changed)},
            {"lastActivityTime", time_text(state.last_activity)},
            {"cloudToDeviceMessageCount", state.queued_commands},
            {"authentication", authentication_json(module)}};
}

std::expected<store::device, std::string> merge_module_json(store::device onto, const json::value& body) {
    if (!body.is_object())
        return std::unexpected("The body must be a JSON object.");
    member_reader members(body.as_object());
    same_id(members, "deviceId", store::device_in(onto.id));
    same_id(members, "moduleId", store::module_in(onto.id));
    members.nullable_text("managedBy", onto.managed_by);
    if (length(onto.managed_by) > 128)
        members.fail("managedBy", "is longer than 128 characters");
    if (const auto* authentication = members.object("authentication"))
        if (auto problem = read_authentication(*authentication, onto); !problem.empty())
            return std::unexpected(std::move(problem));
    if (!members.problem.empty())
        return std::unexpected(std::move(members.problem));
    return onto;
}

json::object device_twin_json(const store::device& device, const live_state& state) {
    auto twin = twin_json(device, device.id, state);
    twin["capabilities"] = json::object{{"iotEdge", device.edge}};
    if (!device.scope.empty())
        twin["deviceScope"] = device.scope;
    if (!device.parent_scopes.empty())
        twin["parentScopes"] = json::array(device.parent_scopes.begin(), device.parent_scopes.end());
    return twin;
}

json::object module_twin_json(const store::device& module, const live_state& state) {
    auto twin = twin_json(module, store::device_in(module.id), state);
    twin["moduleId"] = store::module_in(module.id);
    return twin;
}

} // namespace capstan::hub
