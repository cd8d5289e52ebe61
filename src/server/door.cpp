#include "server/door.hpp"

#include <boost/asio/ip/v6_only.hpp>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace capstan::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// When the process or the system has no descriptor or memory left for another connection: so long until the next attempt.
constexpr std::chrono::milliseconds accept_pause{200};

/// Connections that came and were not taken yet; the system has a limit of its own (net.core.somaxconn).
constexpr int backlog = 4096;

std::string why_not_listening(const std::string& address, std::uint16_t port, const boost::system::error_code& error) {
    if (error == asio::error::address_in_use)
        return fmt::format("port {} on {} is in use", port, address);
    if (error == asio::error::access_denied)
        return fmt::format("port {} on {} may not be used: {} (ports below 1024 need a privilege)", port, address, error.message());
    return fmt::format("cannot listen on port {} of {}: {}", port, address, error.message());
}

} // namespace

door::door(io_threads& threads, taker take)
    : threads_(threads), take_(std::move(take)), acceptor_(threads[0].context()), retry_(threads[0].context()) {}

std::expected<std::uint16_t, std::string> door::open(const std::string& address, std::uint16_t port) {
    boost::system::error_code error;
    const auto ip = asio::ip::make_address(address, error);
    if (error)
        return std::unexpected(fmt::format("cannot listen on \"{}\": it is not an IP address", address));
    const tcp::endpoint endpoint(ip, port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error)
        acceptor_.set_option(acceptor::reuse_address(true), error); // connections of a hub that ended just now do not keep the port
    if (!error && ip.is_v6())
        acceptor_.set_option(asio::ip::v6_only(false), error); // "::" means both
    if (!error)
        acceptor_.bind(endpoint, error);
    if (!error)
        acceptor_.listen(backlog, error);
    if (error)
        return std::unexpected(why_not_listening(address, port, error));
    accept();
    return acceptor_.local_endpoint().port();
}

void door::accept() {
    const auto thread = std::exchange(next_thread_, (next_thread_ + 1) % threads_.size());
    acceptor_.async_accept(threads_[thread].context(), [this, thread](const boost::system::error_code& error, net::tcp_socket socket) {
        on_accept(error, std::move(socket), thread);
    });
}

void door::on_accept(const boost::system::error_code& error, net::tcp_socket socket, std::size_t thread) {
    if (!acceptor_.is_open())
        return;
    if (error == asio::error::no_descriptors || error == boost::system::errc::too_many_files_open_in_system ||
        error == asio::error::no_memory || error == asio::error::no_buffer_space)
        return pause(error);
    if (std::exchange(paused_, false))
        spdlog::warn("connections are taken again");
    if (!error) // otherwise it was gone before we took it
        take_(std::move(socket), thread);
    accept();
}

void door::pause(const boost::system::error_code& error) {
    if (!std::exchange(paused_, true))
        spdlog::error("no more connections can be taken ({}); tried again every {} ms", error.message(), accept_pause.count());
    retry_.expires_after(accept_pause);
    retry_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled && acceptor_.is_open())
            accept();
    });
}

void door::close() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
}

} // namespace capstan::server
