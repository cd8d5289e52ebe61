#include "hub/registry/bulk.hpp"

#include <algorithm>
#include <iterator>

#include "auth/ascii.hpp"

namespace capstan::hub {
namespace {

namespace json = boost::json;
using completion = std::move_only_function<void(std::optional<entry_error>)>;

std::string text(const json::object& entry, std::string_view name) {
    const auto* found = entry.if_contains(name);
    return found && found->is_string() ? std::string(found->as_string()) : std::string();
}

/// What an importMode asks for.
struct import_mode {
    std::string_view name; ///< in lower case; they are compared without
    bool create, update, remove, matching;
};
constexpr import_mode modes[] = {
    {"createorupdate", true, true, false, false}, // the default
    {"createorupdateifmatchetag", true, true, false, true},
    {"create", true, false, false, false},
    {"update", false, true, false, false},
    {"updateifmatchetag", false, true, false, true},
    {"delete", false, false, true, false},
    {"deleteifmatchetag", false, false, true, true},
};

const import_mode* mode_of(const json::object& entry) {
    const auto given = text(entry, "importMode");
    const auto found =
        std::ranges::find_if(modes, [&](const import_mode& each) { return given.empty() || auth::equal_ignoring_case(each.name, given); });
    return found == std::end(modes) ? nullptr : &*found;
}

/// The entry's id is called `id`; the rest is a device's.
json::value as_device(json::object entry) {
    entry.erase("id");
    entry.erase("moduleId");
    entry.erase("deviceId");
    return entry;
}

/// What can be said of an entry before the registry is asked.
std::optional<entry_error> check(const json::object& entry) {
    const auto id = text(entry, "id");
    if (id.empty())
        return entry_error{entry_errc::argument_null, "id is missing."};
    if (!valid_device_id(id))
        return entry_error{entry_errc::argument_invalid, not_a_device_id(id)};
    if (const auto module = text(entry, "moduleId"); !module.empty() && !valid_device_id(module))
        return entry_error{entry_errc::argument_invalid, not_a_device_id(module)};
    if (!mode_of(entry))
        return entry_error{entry_errc::argument_invalid, "importMode is not one that is known for devices."};
    return std::nullopt;
}

/// `module`: the entry is one's, and its device is there.
entry_errc code_of(registry_refusal::reason why, bool module) {
    using reason = registry_refusal::reason;
    switch (why) {
    case reason::malformed: return entry_errc::format;
    case reason::invalid: return entry_errc::argument_invalid;
    case reason::not_found: return module ? entry_errc::module_not_found : entry_errc::device_not_found;
    case reason::already_exists: return module ? entry_errc::module_already_exists : entry_errc::device_already_exists;
    case reason::precondition_failed: return entry_errc::precondition_failed;
    case reason::too_many: return entry_errc::too_many_modules;
    case reason::unavailable: break;
    }
    return entry_errc::unavailable;
}

registry_answer<store::device> answer_of(const registry& from, const std::string& key, completion done) {
    return [&from, key, done = std::move(done)](std::expected<store::device, registry_refusal> result) mutable {
        if (result)
            return done(std::nullopt);
        const bool module = store::is_module_key(key) && from.find(store::device_in(key)).has_value();
        done(entry_error{code_of(result.error().why, module), std::move(result.error().text)});
    };
}

} // namespace

std::string key_of(const json::object& entry) {
    const auto module = text(entry, "moduleId");
    return module.empty() ? text(entry, "id") : store::module_key(text(entry, "id"), module);
}

void apply_entry(registry& to, const json::object& entry, run_queue& home, completion done) {
    if (auto wrong = check(entry))
        return home.post([wrong = *std::move(wrong), done = std::move(done)]() mutable { done(std::move(wrong)); });
    const auto key = key_of(entry);
    const auto& mode = *mode_of(entry);
    const auto etag = text(entry, entry.contains("eTag") ? "eTag" : "etag");
    const auto when = registry::parse_if_match(mode.matching ? etag : "*");
    if (mode.remove)
        return to.remove(key, when, home, answer_of(to, key, std::move(done)));
    auto body = as_device(entry);
    auto create = [&to, &home, key, body](completion then) {
        to.put(key, body, store::must_not_exist{}, home, answer_of(to, key, std::move(then)));
    };
    if (!mode.update)
        return create(std::move(done));
    auto updated = [&to, key, mode, create, done = std::move(done)](std::expected<store::device, registry_refusal> result) mutable {
        if (!result && mode.create && result.error().why == registry_refusal::reason::not_found)
            return create(std::move(done));
        answer_of(to, key, std::move(done))(std::move(result));
    };
    to.put(key, std::move(body), when, home, std::move(updated));
}

json::object export_line(const json::object& shown, bool with_keys) {
    json::object line{{"id", shown.at("deviceId")}};
    if (const auto* module = shown.if_contains("moduleId"))
        line["moduleId"] = *module;
    line["eTag"] = shown.at("etag");
    for (const auto* name : {"status", "statusReason", "authentication", "capabilities", "deviceScope", "parentScopes", "managedBy"})
        if (const auto* value = shown.if_contains(name); value != nullptr && !value->is_null())
            line[name] = *value;
    if (auto* keys = with_keys ? nullptr : line["authentication"].if_object())
        (*keys)["symmetricKey"] = json::object{{"primaryKey", nullptr}, {"secondaryKey", nullptr}};
    return line;
}

} // namespace capstan::hub
