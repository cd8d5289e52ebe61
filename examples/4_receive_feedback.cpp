// A service hears what became of the commands that asked for it. The seed's usage 3.
//
//     SERVICE="HostName=...;SharedAccessKeyName=service;SharedAccessKey=..." DEVICE_ID=dev1 4_receive_feedback

#include <capstan/service_client.hpp>

#include "example.hpp"

asio::awaitable<void> receive_feedback() {
    capstan::service_client service(co_await asio::this_coro::executor, example::setting("SERVICE"), example::options());
    service.async_run(asio::detached);

    auto command = capstan::message("fly").feedback(capstan::feedback_wanted::full);
    const auto id = co_await service.async_send(example::setting("DEVICE_ID"), std::move(command));

    for (bool heard = false; !heard;) {
        auto batch = co_await service.async_receive_feedback(); // locked to us for 60 s
        for (const auto& record : batch.records()) {
            std::cout << record.device_id << ": " << record.message_id << " " << record.status_text << '\n';
            heard |= record.message_id == id;
        }
        co_await batch.async_complete();
    }
}

int main() { return example::run(receive_feedback()); }
