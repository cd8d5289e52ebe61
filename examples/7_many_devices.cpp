// A gateway: many devices on one connection, each with its own token and its own fate.
//
//     DEVICES="HostName=..;DeviceId=a;SharedAccessKey=.. HostName=..;DeviceId=b;SharedAccessKey=.." 7_many_devices

#include <capstan/device_client.hpp>

#include <sstream>

#include "example.hpp"

asio::awaitable<void> report(capstan::device_connection& gateway, capstan::device_identity who) {
    const auto name = who.device_id();
    capstan::device_client device(gateway, std::move(who));
    try {
        auto reading = capstan::message("all is well").property("from", "gateway");
        co_await device.async_send(std::move(reading));
        std::cout << name << ": sent" << std::endl;
    } catch (const capstan::client_error& error) { // a wrong key, say: the others are not concerned
        std::cout << name << ": " << error.what() << std::endl;
    }
}

asio::awaitable<void> many_devices() {
    std::istringstream words(example::setting("DEVICES"));
    std::vector<capstan::device_identity> identities;
    for (std::string word; words >> word;)
        identities.emplace_back(word);

    const auto executor = co_await asio::this_coro::executor;
    capstan::device_connection gateway(executor, identities.at(0).host_name(), example::options());
    gateway.async_run(asio::detached);
    for (auto& each : identities) { // one after the other, to keep the example short; co_spawn would have them side by side
        auto reported = report(gateway, std::move(each));
        co_await std::move(reported);
    }
}

int main() { return example::run(many_devices()); }
