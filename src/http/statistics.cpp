// /statistics: contract/rest.md, section 3.

#include "http/resources.hpp"
#include "hub/presence.hpp"

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

} // namespace capstan::http
