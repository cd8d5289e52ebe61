#include <algorithm>
#include <memory>

#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "client/transport/connect.hpp"

namespace capstan::client {
namespace {

/// More would not be tried within any sensible time-out.
constexpr std::size_t max_addresses = 16;

/// Outlives the step that asked: the system's resolver cannot be interrupted.
struct lookup {
    explicit lookup(const asio::any_io_executor& executor)
        : resolver(executor), answered(executor, asio::steady_timer::time_point::max()) {}

    tcp::resolver resolver;
    asio::steady_timer answered; ///< cancelled when it is
    boost::system::error_code error = asio::error::operation_aborted;
    std::vector<tcp::endpoint> addresses;
};

void start(const std::shared_ptr<lookup>& asked, const std::string& host, std::uint16_t port) {
    auto then = [asked](const boost::system::error_code& error, const tcp::resolver::results_type& found) {
        asked->error = error;
        for (const auto& entry : found)
            asked->addresses.push_back(entry.endpoint());
        asked->answered.cancel();
    };
    asked->resolver.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service, std::move(then));
}

} // namespace

std::string host_and_port(const std::string& host, std::uint16_t port) {
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

asio::awaitable<std::vector<tcp::endpoint>> resolve(progress& whole, std::string host, std::uint16_t port) {
    boost::system::error_code error;
    if (const auto address = asio::ip::make_address(host, error); !error)
        co_return std::vector{tcp::endpoint(address, port)};
    const auto asked = std::make_shared<lookup>(co_await asio::this_coro::executor);
    const step now(whole, "resolve " + host, [asked] { asked->answered.cancel(); });
    start(asked, host, port);
    co_await asked->answered.async_wait(into(error));
    now.require(asked->error);
    auto addresses = interleaved(asked->addresses);
    addresses.resize(std::min(addresses.size(), max_addresses));
    co_return addresses;
}

std::vector<tcp::endpoint> interleaved(const std::vector<tcp::endpoint>& addresses) {
    std::vector<tcp::endpoint> result, others;
    for (const auto& address : addresses)
        (address.protocol() == addresses.front().protocol() ? result : others).push_back(address);
    for (std::size_t at = 1; const auto& other : others) {
        result.insert(result.begin() + static_cast<std::ptrdiff_t>(std::min(at, result.size())), other);
        at += 2;
    }
    return result;
}

} // namespace capstan::client
