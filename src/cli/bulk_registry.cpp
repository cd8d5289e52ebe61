#include "cli/bulk_registry.hpp"

namespace capstan::cli {
namespace {

std::string text_at(const boost::json::value& object, std::string_view name) {
    const auto* found = object.is_object() ? object.as_object().if_contains(name) : nullptr;
    return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

} // namespace

std::vector<bulk_error> change_devices(const hub_login& hub, boost::json::array entries) {
    const auto answer =
        ask_hub(hub, {.method = boost::beast::http::verb::post, .path = "/devices", .body = std::move(entries), .also_success = 400});
    const auto* listed = answer.is_object() ? answer.as_object().if_contains("errors") : nullptr;
    if (listed == nullptr || !listed->is_array())
        throw failure(client::rest_failure(400, boost::json::serialize(answer)));
    std::vector<bulk_error> errors;
    for (const auto& each : listed->as_array())
        errors.push_back({text_at(each, "deviceId"), text_at(each, "errorCode"), text_at(each, "errorStatus")});
    return errors;
}

} // namespace capstan::cli
