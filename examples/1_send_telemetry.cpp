// A device connects and sends telemetry: one message, then several as one. The seed's usages 5 and 7.
//
//     DEVICE="HostName=...;DeviceId=...;SharedAccessKey=..." 1_send_telemetry

#include <capstan/device_client.hpp>

#include "example.hpp"

asio::awaitable<void> send_telemetry() {
    capstan::device_client device(co_await asio::this_coro::executor, example::setting("DEVICE"), example::options());
    device.async_run(asio::detached); // connects, renews the token, reconnects, until the client is closed or destroyed

    auto reading =
        capstan::message(R"({"celsius":21.4})").content_type("application/json").content_encoding("utf-8").property("room", "cellar");
    reading.subject("climate").group_id("house").group_sequence(1); // all of the standard's properties, for those who need them
    reading.creation_time(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
    co_await device.async_send(std::move(reading)); // the hub has it on disk
    std::cout << "sent one\n";

    std::vector<capstan::message> readings;
    for (const auto* celsius : {"21.5", "21.7", "22.0"})
        readings.push_back(capstan::message(celsius).property("room", "cellar"));
    co_await device.async_send(std::move(readings)); // all of them, or none
    std::cout << "sent three\n";
}

int main() { return example::run(send_telemetry()); }
