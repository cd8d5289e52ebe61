#pragma once
#include "client/transport/tls.hpp"

namespace capstan::client {

/// Makes a WebSocket of `tls`, after its handshake: AMQP in binary messages (AMQP WebSocket Binding 1.0).
asio::awaitable<std::unique_ptr<byte_stream>> upgrade(progress& whole, tls_layer tls, endpoint to);

} // namespace capstan::client
