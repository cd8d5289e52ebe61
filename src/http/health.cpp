// /livez and /readyz, for whatever watches over the process: no token is asked for, nothing is told that needs one.

#include "http/resources.hpp"

namespace capstan::http {

asio::awaitable<answer> get_liveness(context&, const request&) {
    answer result;
    result.body = boost::json::object{{"status", "ok"}};
    co_return result;
}

asio::awaitable<answer> get_readiness(context& in, const request&) {
    const auto trouble = in.hub.store().trouble();
    answer result;
    result.status = trouble ? status::service_unavailable : status::ok;
    result.body = boost::json::object{{"status", trouble ? "unavailable" : "ok"}, {"store", trouble ? trouble->text : "ok"}};
    co_return result;
}

} // namespace capstan::http
