// Several processes read the telemetry of a hub together: each takes its part of the partitions, takes over those of one that is gone,
// and goes on where that one's checkpoints end. Start it twice, then stop one of the two.
//
//     SERVICE="HostName=...;SharedAccessKeyName=service;SharedAccessKey=..." CHECKPOINTS=./checkpoints COUNT=10 6_share_the_reading

#include <capstan/event_consumer.hpp>

#include "example.hpp"

using namespace std::chrono_literals;

asio::awaitable<void> share_the_reading() {
    capstan::event_options what;
    what.from(capstan::event_position::earliest())
        .checkpoints(capstan::open_file_checkpoints(example::setting("CHECKPOINTS")))
        .balanced(10s);
    capstan::event_consumer events(co_await asio::this_coro::executor, example::setting("SERVICE"), what, example::options());

    const auto count = std::stoi(example::setting("COUNT"));
    for (int seen = 0; seen < count; ++seen) {
        const auto event = co_await events.async_next();
        if (!event)
            break;
        std::cout << event->partition() << '/' << event->sequence_number() << ' ' << event->body() << std::endl;
        co_await events.async_checkpoint(*event); // whoever reads this partition next begins behind this event
    }
}

int main() { return example::run(share_the_reading()); }
