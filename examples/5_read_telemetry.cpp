// A service reads telemetry of all devices: connects to the IoT hub, follows its redirect to the built-in event hub, reads all
// partitions from the oldest event on. The seed's usage 4.
//
//     SERVICE="HostName=...;SharedAccessKeyName=service;SharedAccessKey=..." COUNT=10 5_read_telemetry

#include <capstan/event_consumer.hpp>

#include "example.hpp"

asio::awaitable<void> read_telemetry() {
    const auto what = capstan::event_options().from(capstan::event_position::earliest());
    capstan::event_consumer events(co_await asio::this_coro::executor, example::setting("SERVICE"), what, example::options());

    for (const auto& partition : co_await events.async_partitions())
        std::cout << "partition " << partition.id << ": up to " << partition.last_sequence_number << '\n';

    const auto count = std::stoi(example::setting("COUNT"));
    for (int seen = 0; seen < count; ++seen) {
        const auto event = co_await events.async_next(); // none: the reader was closed
        if (!event)
            break;
        std::cout << event->partition() << '/' << event->sequence_number() << ' ' << event->device_id() << ": " << event->body()
                  << std::endl;
    }
}

int main() { return example::run(read_telemetry()); }
