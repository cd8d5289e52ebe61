#pragma once
#include <chrono>

#include "http/server.hpp"
#include "hub/hub.hpp"
#include "server/endpoint_hubs.hpp"
#include "server/io_threads.hpp"
#include "server/listener.hpp"

namespace capstan::server {

/// Stops a running hub so that nobody who was about to get an answer misses it: no new connections; what was taken is committed and
/// answered; links and connections are closed with amqp:connection:forced; the stores are closed; the threads end. Blocks, within
/// `limit` but for a commit that hangs.
void shut_down(hub::hub& hub, listener& amqp, http::server& https, io_threads& threads, endpoint_hubs& endpoints,
               std::chrono::milliseconds limit);

} // namespace capstan::server
