// POST /devices: up to a hundred changes, each for itself. contract/rest.md, section 3.

#include <algorithm>
#include <set>

#include "http/admission.hpp"
#include "http/ask.hpp"
#include "http/resources.hpp"
#include "http/status.hpp"
#include "hub/registry/bulk.hpp"

namespace capstan::http {
namespace {

namespace json = boost::json;

constexpr std::size_t max_entries = 100;

errc http_code(hub::entry_errc code) {
    switch (code) {
    case hub::entry_errc::argument_invalid: return errc::argument_invalid;
    case hub::entry_errc::argument_null: return errc::argument_null;
    case hub::entry_errc::format: return errc::invalid_format;
    case hub::entry_errc::device_not_found: return errc::device_not_found;
    case hub::entry_errc::module_not_found: return errc::module_not_found;
    case hub::entry_errc::device_already_exists: return errc::device_already_exists;
    case hub::entry_errc::module_already_exists: return errc::module_already_exists;
    case hub::entry_errc::precondition_failed: return errc::precondition_failed;
    case hub::entry_errc::too_many_modules: return errc::too_many_modules;
    case hub::entry_errc::unavailable: break;
    }
    return errc::service_unavailable;
}

json::value member(const json::object& entry, std::string_view name) {
    const auto* found = entry.if_contains(name);
    return found && found->is_string() ? *found : json::value("");
}

json::object describe(const json::object& entry, errc code, std::string_view text) {
    json::object error{{"deviceId", member(entry, "id")}, {"errorCode", name_of(code)}, {"errorStatus", text}};
    if (const auto module = member(entry, "moduleId"); !module.as_string().empty())
        error["moduleId"] = module;
    return error;
}

/// None when the entry has taken effect. `keys`: of the entries before it.
asio::awaitable<std::optional<json::object>> serve(context& in, const json::object& entry, std::set<std::string>& keys) {
    if (const auto key = hub::key_of(entry); !key.empty() && !keys.insert(key).second)
        co_return describe(entry, errc::device_defined_twice, "The id stands in an earlier entry of the same request.");
    auto start = [&](auto done) { hub::apply_entry(in.hub.registry(), entry, in.home, std::move(done)); };
    const auto wrong = co_await ask<std::optional<hub::entry_error>>(start);
    if (!wrong)
        co_return std::nullopt;
    co_return describe(entry, http_code(wrong->code), wrong->text);
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
    std::set<std::string> keys;
    for (const auto& each : body.as_array()) {
        if (auto wrong = co_await serve(in, each.as_object(), keys))
            errors.push_back(*std::move(wrong));
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
