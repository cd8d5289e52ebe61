#include "server/shutdown.hpp"

#include <spdlog/spdlog.h>

namespace capstan::server {

void shut_down(hub::hub& hub, listener& amqp, http::server& https, io_threads& threads, endpoint_hubs& endpoints,
               std::chrono::milliseconds limit) {
    const auto begin = io_thread::now();
    const auto answered_by = begin + limit / 2; // with the default: 5 s for commits that are under way,
    const auto closed_by = begin + limit * 7 / 10; // 2 s for the peers to answer our close,
    const auto ended_by = begin + limit * 9 / 10; // and the rest for the store and the threads

    amqp.stop_accepting();
    https.stop();
    amqp.stop_connections(answered_by);
    if (!amqp.wait_until_gone(closed_by)) {
        spdlog::warn("{} connections did not close in time and are cut off", amqp.connections());
        amqp.end_connections();
        amqp.wait_until_gone(ended_by);
    }
    endpoints.close();
    hub.save_activity();
    hub.store().close();
    threads.stop(ended_by);
}

} // namespace capstan::server
