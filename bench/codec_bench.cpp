// The codec by itself: the frames that telemetry consists of, read and written.

#include <benchmark/benchmark.h>

#include <capstan/amqp/performatives.hpp>
#include <capstan/amqp/terminus.hpp>

namespace {

using namespace capstan::amqp;

bytes encoded_transfer() {
    bytes out;
    encoder to(out);
    transfer frame;
    frame.delivery_id = 4711;
    frame.delivery_tag = as_bytes("0123456789abcdef");
    frame.message_format = 0;
    write(to, frame);
    return out;
}

void read_transfer(benchmark::State& state) {
    const bytes frame = encoded_transfer();
    for (auto _ : state) {
        decoder from(frame);
        std::optional<std::uint64_t> code;
        std::string_view name;
        if (!from.enter_described() || !from.read_descriptor(code, name))
            return state.SkipWithError("no performative");
        benchmark::DoNotOptimize(read_fields<transfer>(from));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(read_transfer);

void write_transfer(benchmark::State& state) {
    bytes out;
    transfer frame;
    frame.delivery_id = 4711;
    frame.delivery_tag = as_bytes("0123456789abcdef");
    for (auto _ : state) {
        out.clear();
        encoder to(out);
        write(to, frame);
        benchmark::DoNotOptimize(out.data());
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(write_transfer);

void write_disposition(benchmark::State& state) {
    bytes out;
    const bytes accepted = encode(delivery_state::accepted());
    disposition frame;
    frame.receiver = true;
    frame.first = 4711;
    frame.last = 4810;
    frame.settled = true;
    frame.state = {accepted};
    for (auto _ : state) {
        out.clear();
        encoder to(out);
        write(to, frame);
        benchmark::DoNotOptimize(out.data());
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(write_disposition);

} // namespace
