// SAS tokens: what each new connection costs beside its handshake.

#include <benchmark/benchmark.h>

#include "auth/sas_token.hpp"

namespace {

using namespace capstan;

const std::string key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const wall_time expires{std::chrono::seconds(1'700'000'000)};

void check_token(benchmark::State& state) {
    const auto text = auth::make_sas_token("hub.local/devices/thermometer-1", key, "", expires);
    for (auto _ : state) {
        const auto token = auth::parse_sas_token(text);
        if (!token || !auth::signed_by(*token, key))
            return state.SkipWithError("the token does not count");
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(check_token);

void make_token(benchmark::State& state) {
    for (auto _ : state)
        benchmark::DoNotOptimize(auth::make_sas_token("hub.local/devices/thermometer-1", key, "", expires));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(make_token);

} // namespace
