// /statistics: contract/rest.md, section 3. That of routing and /metrics, for Prometheus, are our own.

#include "http/resources.hpp"
#include "hub/metrics.hpp"
#include "hub/presence.hpp"
#include "hub/routing/router.hpp"

namespace capstan::http {

asio::awaitable<answer> get_device_statistics(context& in, const request&) {
    const auto counts = in.hub.registry().count();
    answer result;
    result.body = boost::json::object{
        {"totalDeviceCount", counts.total}, {"enabledDeviceCount", counts.enabled}, {"disabledDeviceCount", counts.total - counts.enabled}};
    co_return result;
}

asio::awaitable<answer> get_service_statistics(context& in, const request&) {
    answer result;
    result.body = boost::json::object{{"connectedDeviceCount", in.hub.presence().connected()}};
    co_return result;
}

/// Since the hub's start; all zero where nothing is routed.
asio::awaitable<answer> get_routing_statistics(context& in, const request&) {
    const hub::routing::router::counters none;
    const auto& counts = in.hub.router() ? in.hub.router()->counts() : none;
    answer result;
    result.body = boost::json::object{
        {"routed", counts.routed.load()},       {"fallback", counts.fallback.load()},
        {"orphaned", counts.orphaned.load()},   {"keptFromBuiltIn", counts.kept_from_built_in.load()},
        {"undefined", counts.undefined.load()}, {"invalid", counts.invalid.load()},
    };
    co_return result;
}

asio::awaitable<answer> get_metrics(context& in, const request&) {
    answer result;
    result.headers.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    result.octets = in.hub.metrics().text();
    co_return result;
}

} // namespace capstan::http
