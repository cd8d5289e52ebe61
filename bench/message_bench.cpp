// What the engine does once for each telemetry message: find its sections, account for its size, read its properties.

#include <benchmark/benchmark.h>

#include <capstan/amqp/message.hpp>

namespace {

using namespace capstan::amqp;

bytes telemetry(std::size_t body) {
    message_properties properties;
    properties.message_id = "3a2f1b9e-58cd-4f1e-9d0a-6b1f6f7d2c11";
    properties.content_type = "application/json";
    bytes out;
    message_builder(out)
        .properties(properties)
        .application_properties([](map_writer& entries) { entries.add("room", std::string_view("cellar")); })
        .data(std::string(body, 'x'));
    return out;
}

void find_sections(benchmark::State& state) {
    const bytes message = telemetry(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        const auto view = message_view::parse(message);
        benchmark::DoNotOptimize(accounted_size(*view));
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(message.size()));
}
BENCHMARK(find_sections)->Arg(100)->Arg(1000)->Arg(100'000);

void read_all_properties(benchmark::State& state) {
    const bytes message = telemetry(100);
    const auto view = message_view::parse(message);
    for (auto _ : state)
        benchmark::DoNotOptimize(read_properties(view->properties().content));
}
BENCHMARK(read_all_properties);

void build(benchmark::State& state) {
    for (auto _ : state)
        benchmark::DoNotOptimize(telemetry(100));
}
BENCHMARK(build);

} // namespace
