#pragma once
#include "client/completion.hpp"
#include "client/hub_connection.hpp"

namespace capstan::client {

/// Runs the connection for `then`; its cancellation closes the connection. On any thread.
void start_run(std::shared_ptr<hub_connection> connection, completion<> then);

} // namespace capstan::client
