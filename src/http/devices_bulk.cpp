// POST /devices: up to a hundred changes, each for itself. contract/rest.md, section 3.

#include <algorithm>

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

std::string lower(std::string word) {
    std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return word;
}

/// The entry's id is called `id`; the rest is a device's.
json::value as_device(json::object entry) {
    entry.erase("id");
    entry.erase("deviceId");
    return entry;
}

asio::awaitable<registered> apply(context& in, const json::object& entry) {
    const auto id = text(entry, "id");
    const auto mode = lower(text(entry, "importMode"));
    const auto etag = text(entry, entry.contains("eTag") ? "eTag" : "etag");
    const bool matching = mode.ends_with("ifmatchetag");
    const auto match = hub::registry::parse_if_match(matching ? etag : "*", true);
    if (mode == "delete" || mode == "deleteifmatchetag") {
        auto remove = [&](auto done) { in.hub.registry().remove(id, match, in.home, std::move(done)); };
        co_return co_await ask<registered>(remove);
    }
    const bool known = in.hub.registry().find(id).has_value();
    const bool create = mode == "create" || (!known && (mode.empty() || mode.starts_with("createorupdate")));
    const auto body = as_device(entry);
    const auto condition = create ? hub::registry::if_match{} : match;
    auto put = [&](auto done) { in.hub.registry().put(id, body, condition, in.home, std::move(done)); };
    co_return co_await ask<registered>(put);
}

} // namespace

asio::awaitable<answer> post_devices(context& in, const request& asked) {
    const auto now = in.hub.clock().now();
    boost::system::error_code error;
    const auto body = json::parse(asked.body, error);
    if (error || !body.is_array())
        co_return error_answer(errc::invalid_format, "The body must be a JSON array.", now);
    if (body.as_array().size() > max_entries)
        co_return error_answer(errc::argument_invalid, "At most 100 devices at a time.", now);
    json::array errors;
    for (const auto& each : body.as_array()) {
        const auto entry = each.is_object() ? each.as_object() : json::object();
        const auto done = co_await apply(in, entry);
        if (done)
            continue;
        errors.push_back(json::object{
            {"deviceId", text(entry, "id")}, {"errorCode", name_of(code_of(done.error().why))}, {"errorStatus", done.error().text}});
    }
    answer result;
    const bool failed = !errors.empty();
    result.body = json::object{{"isSuccessful", !failed}, {"errors", std::move(errors)}, {"warnings", json::array()}};
    if (failed) {
        result.status = status_of(errc::bulk_failure);
        result.headers.emplace_back("iothub-errorcode", name_of(errc::bulk_failure));
        result.headers.emplace_back("IotHubErrorCode", name_of(errc::bulk_failure));
    }
    co_return result;
}

} // namespace capstan::http
