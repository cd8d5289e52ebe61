#pragma once
// From a name to a TCP connection.

#include <chrono>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "client/transport/progress.hpp"

namespace capstan::client {

using asio::ip::tcp;

/// As in a URL: an IPv6 address in brackets.
std::string host_and_port(const std::string& host, std::uint16_t port);

/// The addresses in the order in which they are to be tried. `host` may be an address itself. When it is stopped it ends at once; what
/// the system's resolver is doing then cannot be ended, goes on in Asio's own thread for it, and is thrown away.
asio::awaitable<std::vector<tcp::endpoint>> resolve(progress& whole, std::string host, std::uint16_t port);

/// The same addresses, families taking turns (RFC 8305, section 4), the first one's family first.
std::vector<tcp::endpoint> interleaved(const std::vector<tcp::endpoint>& addresses);

/// When an address has not answered for so long the next one is tried beside it (RFC 8305, section 5).
inline constexpr std::chrono::milliseconds connection_attempt_delay{250};

/// Tries `addresses` in turn, the next one at once when one fails. The first that connects is taken, all others are closed. `name` is
/// for messages.
asio::awaitable<tcp::socket> connect(progress& whole, std::string name, std::vector<tcp::endpoint> addresses,
                                     std::chrono::milliseconds delay = connection_attempt_delay);

} // namespace capstan::client
