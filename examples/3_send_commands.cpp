// A service sends commands to a device: one for the device's queue, one whose outcome it waits for. The seed's usages 1 and 2.
//
//     SERVICE="HostName=...;SharedAccessKeyName=service;SharedAccessKey=..." DEVICE_ID=dev1 3_send_commands

#include <capstan/service_client.hpp>

#include "example.hpp"

using namespace std::chrono_literals;

asio::awaitable<void> send_commands() {
    capstan::service_client service(co_await asio::this_coro::executor, example::setting("SERVICE"), example::options());
    service.async_run(asio::detached);
    const auto device = example::setting("DEVICE_ID");

    auto open = capstan::message("open the window").property("by", "noon").expires_after(10min);
    const auto id = co_await service.async_send(device, std::move(open)); // durable in the device's queue
    std::cout << "queued " << id << '\n';

    auto stop = capstan::message("stop").expires_after(10min);
    const auto outcome = co_await service.async_send_and_confirm(device, std::move(stop)); // the device has said what became of it
    std::cout << "stop: " << outcome.status_text << '\n';
}

int main() { return example::run(send_commands()); }
