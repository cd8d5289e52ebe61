#pragma once
// Devices that send telemetry at a given rate and settle the commands that they get.

#include <chrono>
#include <filesystem>
#include <memory>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include <capstan/device_client.hpp>

#include "cli/connection_watch.hpp"
#include "cli/hub_login.hpp"

namespace capstan::cli {

enum class settle_as : std::uint8_t { complete, reject, abandon };

struct simulation_plan {
    std::vector<std::string> devices;
    double rate = 1;                  ///< messages per second, of all devices together
    std::size_t messages = 0;         ///< of all devices together; 0: no end
    std::chrono::seconds duration{0}; ///< 0: no end
    std::optional<std::string> body;  ///< none: made up, a JSON object
    message others;                   ///< what messages have beside their body
    settle_as commands = settle_as::complete;
    std::filesystem::path certificate, key; ///< PEM, of the only device; empty: devices sign in by token, many on one connection
};

struct simulation_counts {
    std::size_t connected = 0, sent = 0, accepted = 0, failed = 0, commands = 0;
    std::chrono::microseconds waited{0}, longest{0}; ///< from sending to accepted, all added up, and the longest
    std::optional<client_error> last_failure;
    std::size_t under_way() const { return sent - accepted - failed; }
};

/// Used on one thread, that of `loop`; both outlive it.
class simulation {
public:
    simulation(asio::io_context& loop, const hub_login& hub, const simulation_plan& plan);

    /// Until all messages are accepted or have failed, the time is up, or stop().
    asio::awaitable<void> run();
    void stop();
    const simulation_counts& counts() const { return counts_; }
    /// Throws `failed` when the hub could never be reached.
    void check() const { watch_.check(); }

private:
    asio::awaitable<void> receive_commands(device_client& device);
    asio::awaitable<void> settle(command received) const;
    void observe(device_client& device);
    void send_due(std::chrono::steady_clock::duration since);
    void send_one();
    void on_failed(const client_error& why);
    message next_message(const std::string& device) const;
    bool all_sent() const { return plan_.messages > 0 && counts_.sent >= plan_.messages; }

    asio::io_context& loop_;
    const simulation_plan& plan_;
    asio::steady_timer turn_;
    std::vector<device_connection> connections_;
    std::vector<device_client> devices_;
    simulation_counts counts_;
    connection_watch watch_;
    bool stopped_ = false;
};

} // namespace capstan::cli
