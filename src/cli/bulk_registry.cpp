#include "cli/bulk_registry.hpp"

#include "client/registry/device_json.hpp"

namespace capstan::cli {

using client::text_at;

std::vector<bulk_error> change_devices(const hub_login& hub, boost::json::array entries) {
    const auto answer =
        ask_hub(hub, {.method = boost::beast::http::verb::post, .path = "/devices", .body = std::move(entries), .also_success = 400});
    const auto* listed = answer.is_object() ? answer.as_object().if_contains("errors") : nullptr;
    if (listed == nullptr || !listed->is_array())
        throw failure(client::rest_failure(400, boost::json::serialize(answer)));
    std::vector<bulk_error> errors;
    for (const auto& each : listed->as_array())
        errors.push_back({text_at(each, "deviceId"), text_at(each, "moduleId"), text_at(each, "errorCode"), text_at(each, "errorStatus")});
    return errors;
}

boost::json::array query_page(const hub_login& hub, const std::string& query, std::size_t at_most, std::string& from) {
    client::rest_request asked{
        .method = boost::beast::http::verb::post, .path = "/devices/query", .body = boost::json::object{{"query", query}}};
    asked.headers.emplace_back("x-ms-max-item-count", std::to_string(at_most));
    if (!from.empty())
        asked.headers.emplace_back("x-ms-continuation", from);
    const auto answer = wait_for(client::send_request(service_identity(hub.connection_string), hub.options, std::move(asked)));
    from = std::string(answer["x-ms-continuation"]);
    boost::system::error_code error;
    auto page = boost::json::parse(answer.body(), error);
    if (error || !page.is_array())
        throw failed(exit_refused, "the hub's answer to the query is no list");
    return std::move(page.as_array());
}

} // namespace capstan::cli
