#include "cli/simulation.hpp"

#include <cmath>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <fmt/format.h>

namespace capstan::cli {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr std::size_t devices_per_connection = 500; // a hub takes a thousand (contract/iothub-amqp.md, 4.8)
constexpr auto patience = 10s;                      // for what is under way when the time is up
constexpr std::size_t max_under_way = 10'000;       // beyond it is the hub that sets the pace: more would only fill memory

} // namespace

simulation::simulation(asio::io_context& loop, const hub_login& hub, const simulation_plan& plan)
    : loop_(loop), plan_(plan), turn_(loop), watch_([this] { stop(); }) {
    auto options = hub.options;
    options.retry(retry_policy()).max_queued_sends(max_under_way);
    devices_.reserve(plan.devices.size()); // their addresses are used
    if (!plan.certificate.empty()) {
        const auto who = device_identity::by_certificate(hub.host, plan.devices.at(0), plan.certificate, plan.key);
        observe(devices_.emplace_back(loop.get_executor(), who, options));
        return;
    }
    for (std::size_t i = 0; i < plan.devices.size(); ++i) {
        if (i % devices_per_connection == 0)
            connections_.emplace_back(loop.get_executor(), hub.host, options);
        observe(devices_.emplace_back(connections_.back(), as_device(hub, plan.devices[i])));
    }
}

void simulation::observe(device_client& device) {
    const bool first = devices_.size() == 1;
    auto told = [this, tell = first ? watch_.observer() : connection_observer(),
                 connected = false](const connection_change& change) mutable {
        const bool now = change.state() == connection_state::connected;
        if (now != std::exchange(connected, now))
            now ? ++counts_.connected : --counts_.connected;
        if (tell)
            tell(change);
    };
    device.on_connection_changed(std::move(told));
}

asio::awaitable<void> simulation::settle(command received) const {
    switch (plan_.commands) {
    case settle_as::complete: co_return co_await received.async_complete();
    case settle_as::reject: co_return co_await received.async_reject();
    case settle_as::abandon: co_return co_await received.async_abandon();
    }
}

/// Until the device is closed.
asio::awaitable<void> simulation::receive_commands(device_client& device) {
    for (;;) {
        auto received = co_await device.async_receive();
        ++counts_.commands;
        try {
            co_await settle(std::move(received));
        } catch (const client_error&) { // it comes again
        }
    }
}

/// What it has beside its body is that of `others`.
message simulation::next_message(const std::string& device) const {
    const auto number = counts_.sent / devices_.size();
    const auto celsius = 20 + 5 * std::sin(static_cast<double>(number) / 10);
    message made(plan_.body.value_or(fmt::format(R"({{"deviceId":"{}","number":{},"celsius":{:.2f}}})", device, number, celsius)));
    const auto& others = plan_.others;
    made.content_type(others.content_type()).content_encoding(others.content_encoding());
    made.correlation_id(others.correlation_id()).user_id(others.user_id());
    for (const auto& [name, value] : others.properties())
        made.property(name, value);
    return made;
}

void simulation::send_one() {
    const auto which = counts_.sent % devices_.size();
    auto what = next_message(plan_.devices[which]);
    ++counts_.sent;
    auto done = [this, begun = clock::now()](const std::exception_ptr& error) {
        if (error)
            return on_failed(failure_of(error));
        const auto waited = std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - begun);
        ++counts_.accepted;
        counts_.waited += waited;
        counts_.longest = std::max(counts_.longest, waited);
    };
    devices_[which].async_send(std::move(what), asio::bind_executor(loop_.get_executor(), std::move(done)));
}

void simulation::on_failed(const client_error& why) {
    if (stopped_ && why.reason() == errc::closed)
        return; // nobody knows what has become of it
    ++counts_.failed;
    counts_.last_failure = why;
    const bool hopeless = why.kind() == failure_kind::credentials && counts_.accepted == 0 && counts_.failed >= devices_.size();
    if (hopeless) // not one of them is let in
        stop();
}

void simulation::send_due(clock::duration since) {
    const auto due = static_cast<std::size_t>(plan_.rate * std::chrono::duration<double>(since).count()) + 1;
    while (counts_.sent < due && !all_sent() && counts_.under_way() < max_under_way)
        send_one();
}

asio::awaitable<void> simulation::run() {
    for (auto& each : connections_)
        each.async_run(asio::detached);
    if (connections_.empty())
        devices_.front().async_run(asio::detached);
    for (auto& each : devices_)
        asio::co_spawn(loop_, receive_commands(each), asio::detached);
    const auto begun = clock::now();
    const auto until = plan_.duration > 0s ? begun + plan_.duration : clock::time_point::max() - patience;
    for (auto now = begun; !stopped_ && now < until + patience; now = clock::now()) {
        if (now < until)
            send_due(now - begun);
        if ((all_sent() || now >= until) && counts_.under_way() == 0)
            break;
        turn_.expires_after(10ms);
        boost::system::error_code ignored;
        co_await turn_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    stop();
}

void simulation::stop() {
    if (std::exchange(stopped_, true))
        return;
    turn_.cancel();
    for (auto& each : devices_)
        each.close();
    for (auto& each : connections_)
        each.close();
}

} // namespace capstan::cli
