#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <capstan/client_options.hpp>

#include "client/transport/byte_stream.hpp"
#include "client/transport/progress.hpp"

namespace capstan::client {

/// Has `proxy`, to which `socket` is connected, connect on to the hub (RFC 9110, section 9.3.6).
asio::awaitable<void> tunnel(progress& whole, asio::ip::tcp::socket& socket, const http_proxy& proxy, const endpoint& to);

} // namespace capstan::client
