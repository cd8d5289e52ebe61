// A device receives commands and says what became of each: done, impossible, or not now. The seed's usage 6.
//
//     DEVICE="HostName=...;DeviceId=...;SharedAccessKey=..." 2_receive_commands

#include <capstan/device_client.hpp>

#include "example.hpp"

asio::awaitable<void> receive_commands() {
    capstan::device_client device(co_await asio::this_coro::executor, example::setting("DEVICE"), example::options());
    device.async_run(asio::detached);

    for (;;) {
        auto command = co_await device.async_receive(); // locked to us for 60 s
        std::cout << "got: " << command.body() << std::endl;
        if (command.body() == "stop") {
            co_await command.async_complete(); // resumes when the hub has forgotten it
            break;
        }
        if (command.body() == "fly")
            co_await command.async_reject(); // never: its sender hears of it
        else if (command.delivery_count() == 0)
            co_await command.async_abandon(); // not now: it comes again
        else
            co_await command.async_complete();
    }
}

int main() { return example::run(receive_commands()); }
