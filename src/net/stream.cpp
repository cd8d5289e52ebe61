#include "net/stream.hpp"

#include <netinet/tcp.h>

namespace capstan::net {
namespace {

namespace asio = boost::asio;
template<int Name> using tcp_seconds = asio::detail::socket_option::integer<IPPROTO_TCP, Name>;

/// A peer that vanished without a word, and that asked for no AMQP heartbeat, is noticed after four minutes.
void keep_alive(tcp_socket& socket, boost::system::error_code& ignored) {
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    socket.set_option(tcp_seconds<TCP_KEEPIDLE>(120), ignored);
    socket.set_option(tcp_seconds<TCP_KEEPINTVL>(30), ignored);
    socket.set_option(tcp_seconds<TCP_KEEPCNT>(4), ignored);
}

} // namespace

socket_stream::socket_stream(tcp_socket socket) : socket_(std::move(socket)) {
    boost::system::error_code ignored; // of a socket that the peer has reset already: the first read says it
    socket_.non_blocking(true, ignored);
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    keep_alive(socket_, ignored);
}

} // namespace capstan::net
