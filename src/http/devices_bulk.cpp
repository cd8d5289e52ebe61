// POST /devices: up to a hundred changes, each for itself. contract/rest.md, section 3.

#include <algorithm>
#include <iterator>
#include <set>

#include "auth/ascii.hpp"
#include "http/admission.hpp"
#include "http/ask.hpp"
#include "http/resources.hpp"
#include "http/status.hpp"

namespace capstan::http {
namespace {

namespace json = boost::json;
using registered = std::expected<store::device, hub::registry_refusal>;

constexpr std::size_t max_entries = 100;

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

/// A device's, or a module's when there is a moduleId.
std::string key_of(const json::object& entry) {
    const auto module = text(entry, "moduleId");
    return module.empty() ? text(entry, "id") : store::module_key(text(entry, "id"), module);
}

struct entry_error {
    errc code;
    std::string text;
};

/// What can be said of an entry before the registry is asked. `ids`: of the entries before it.
std::optional<entry_error> check(const json::object& entry, std::set<std::string>& ids) {
    const auto id = text(entry, "id");
    if (id.empty())
        return entry_error{errc::argument_null, "id is missing."};
    if (!hub::valid_device_id(id))
        return entry_error{errc::argument_invalid, hub::not_a_device_id(id)};
    if (const auto module = text(entry, "moduleId"); !module.empty() && !hub::valid_device_id(module))
        return entry_error{errc::argument_invalid, hub::not_a_device_id(module)};
    if (!mode_of(entry))
        return entry_error{errc::argument_invalid, "importMode is not one that is known for devices."};
    if (!ids.insert(key_of(entry)).second)
        return entry_error{errc::device_defined_twice, "The id stands in an earlier entry of the same request."};
    return std::nullopt;
}

asio::awaitable<registered> apply(context& in, const json::object& entry) {
    auto& registry = in.hub.registry();
    const auto id = key_of(entry);
    const auto& mode = *mode_of(entry);
    const auto etag = text(entry, entry.contains("eTag") ? "eTag" : "etag");
    const auto when = hub::registry::parse_if_match(mode.matching ? etag : "*");
    if (mode.remove) {
        auto remove = [&](auto done) { registry.remove(id, when, in.home, std::move(done)); };
        co_return co_await ask<registered>(remove);
    }
    const auto body = as_device(entry);
    if (mode.update) {
        auto update = [&](auto done) { registry.put(id, body, when, in.home, std::move(done)); };
        auto updated = co_await ask<registered>(update);
        if (updated || !mode.create || updated.error().why != hub::registry_refusal::reason::not_found)
            co_return updated;
    }
    auto create = [&](auto done) { registry.put(id, body, store::must_not_exist{}, in.home, std::move(done)); };
    co_return co_await ask<registered>(create);
}

errc code_of(const context& in, const json::object& entry, hub::registry_refusal::reason why) {
    using reason = hub::registry_refusal::reason;
    const bool module = !text(entry, "moduleId").empty() && in.hub.registry().find(text(entry, "id"));
    if (module && why == reason::not_found)
        return errc::module_not_found;
    return module && why == reason::already_exists ? errc::module_already_exists : http::code_of(why);
}

json::object describe(const json::object& entry, const entry_error& wrong) {
    json::object error{{"deviceId", text(entry, "id")}, {"errorCode", name_of(wrong.code)}, {"errorStatus", wrong.text}};
    if (const auto module = text(entry, "moduleId"); !module.empty())
        error["moduleId"] = module;
    return error;
}

/// None when the entry has taken effect.
asio::awaitable<std::optional<entry_error>> serve(context& in, const json::object& entry, std::set<std::string>& ids) {
    if (auto wrong = check(entry, ids))
        co_return wrong;
    const auto done = co_await apply(in, entry);
    if (done)
        co_return std::nullopt;
    entry_error refused{code_of(in, entry, done.error().why), done.error().text};
    co_return refused;
}

} // namespace

asio::awaitable<answer> post_devices(context& in, const request& asked) {
    const auto now = in.hub.clock().now();
    boost::system::error_code error;
    const auto body = json::parse(asked.body, error);
    if (error || !body.is_array() || !std::ranges::all_of(body.as_array(), &json::value::is_object))
        co_return error_answer(errc::invalid_format, "The body must be a JSON array of objects.", now);
    if (body.as_array().size() > max_entries)
        co_return error_answer(errc::argument_invalid, "At most 100 devices at a time.", now);
    if (const auto more = body.as_array().size(); more > 1) // the first has been counted with the request
        if (auto throttled = co_await admit(in, hub::operation::registry, more - 1))
            co_return *std::move(throttled);
    json::array errors;
    std::set<std::string> ids;
    for (const auto& each : body.as_array()) {
        const auto& entry = each.as_object();
        if (const auto wrong = co_await serve(in, entry, ids))
            errors.push_back(describe(entry, *wrong));
    }
    answer result;
    const bool failed = !errors.empty();
    result.body = json::object{{"isSuccessful", !failed}, {"errors", std::move(errors)}, {"warnings", json::array()}};
    if (failed) {
        result.status = status_of(errc::bulk_failure);
        // Both: .NET reads the result only if it finds the second (contract/rest.md, section 2).
        result.headers.emplace_back("iothub-errorcode", name_of(errc::bulk_failure));
        result.headers.emplace_back("IotHubErrorCode", name_of(errc::bulk_failure));
    }
    co_return result;
}

} // namespace capstan::http
