#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <capstan/client_options.hpp>

#include "client/transport/byte_stream.hpp"
#include "client/transport/progress.hpp"

namespace capstan::client {

using tls_layer = asio::ssl::stream<asio::ip::tcp::socket>;

/// TLS 1.2 or later, with the authorities that `options` trust and the client certificate of `to`. Reads their files, each time anew:
/// they may have been replaced since. Throws client_error, invalid_argument, that names a file which cannot be used.
asio::ssl::context tls_context(const endpoint& to, const client_options& options);

/// Throws hub_not_trusted when the certificate is no good or for another than to.host.
asio::awaitable<void> shake_hands(progress& whole, tls_layer& tls, const endpoint& to);

} // namespace capstan::client
