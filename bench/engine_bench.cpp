// What the engine costs for each message: from the bytes of transfers to deliveries and their settling, and from send() to bytes.

#include <benchmark/benchmark.h>

#include "support/one_link.hpp"

namespace {

using namespace capstan;
using bench::one_link;

/// A burst of transfers, settled by one disposition, the credit given again: telemetry.
void receive_messages(benchmark::State& state) {
    one_link server(amqp::role::sender);
    const auto transfers = one_link::transfers(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state)
        if (!server.receive_burst(transfers))
            return state.SkipWithError("deliveries are missing");
    state.SetItemsProcessed(state.iterations() * one_link::burst);
}
BENCHMARK(receive_messages)->Arg(256)->Arg(4096);

/// A burst of settled transfers, for which the peer gives credit again: reading events.
void send_messages(benchmark::State& state) {
    one_link server(amqp::role::receiver);
    const amqp::bytes payload(static_cast<std::size_t>(state.range(0)), 'x');
    for (auto _ : state)
        if (!server.send_burst(payload))
            return state.SkipWithError("no credit");
    state.SetItemsProcessed(state.iterations() * one_link::burst);
}
BENCHMARK(send_messages)->Arg(256)->Arg(4096);

} // namespace
