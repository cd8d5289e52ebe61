// Telemetry into the durable store and back: how long a commit takes, how many events share it, and how fast a reader gets them.

#include <condition_variable>
#include <mutex>
#include <string>

#include <benchmark/benchmark.h>

#include "store/store.hpp"
#include "support/temporary_folder.hpp"

namespace {

using namespace capstan;

/// Runs answers where they come, on the committer's thread.
class direct_queue final : public run_queue {
public:
    void post(task work) override { work(); }
};

class counter {
public:
    void add() {
        const std::lock_guard lock(mutex_);
        ++count_;
        changed_.notify_one();
    }
    void await(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return count_ >= count; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t count_ = 0;
};

/// Appends of 100-byte events, `state.range(0)` of them waited for together: what that many devices see that send one by one.
void append(benchmark::State& state) {
    const test::temporary_folder folder;
    const system_wall_clock clock;
    direct_queue home;
    counter answers;
    auto store = store::open_rocksdb_store(clock, {folder.path(), 4});
    if (!store)
        return state.SkipWithError(store.error().text.c_str());
    const bytes body(100, 'x');
    const bytes_view piece = body;
    const auto together = static_cast<std::size_t>(state.range(0));
    std::size_t asked = 0;
    for (auto _ : state) {
        for (std::size_t i = 0; i < together; ++i) {
            store::event_batch batch;
            batch.add(0, {}, {&piece, 1});
            auto done = [&answers](const store::outcome<void>&) { answers.add(); };
            (*store)->telemetry().append(static_cast<store::partition_id>(i % 4), std::move(batch), {home, std::move(done)});
        }
        answers.await(asked += together);
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(asked));
    (*store)->close();
}
BENCHMARK(append)->Arg(1)->Arg(10)->Arg(100)->Arg(1000)->UseRealTime()->Unit(benchmark::kMicrosecond);

/// From a partition's beginning to its end, in the pieces in which the hub reads, and from the beginning again.
void read(benchmark::State& state) {
    constexpr std::size_t stored = 200'000;
    const test::temporary_folder folder;
    const system_wall_clock clock;
    direct_queue home;
    counter answers;
    auto store = store::open_rocksdb_store(clock, {folder.path(), 1});
    if (!store)
        return state.SkipWithError(store.error().text.c_str());
    const bytes body(256, 'x');
    const bytes_view piece = body;
    for (std::size_t i = 0; i < stored; i += 1000) {
        store::event_batch batch;
        for (std::size_t event = 0; event < 1000; ++event)
            batch.add(0, {}, {&piece, 1});
        (*store)->telemetry().append(0, std::move(batch), {home, [&answers](const store::outcome<void>&) { answers.add(); }});
    }
    std::size_t asked = stored / 1000, events = 0;
    answers.await(asked);
    store::sequence_number next = 0;
    for (auto _ : state) {
        auto take = [&](const store::outcome<store::event_block>& block) {
            events += block->events.size();
            next = block->events.empty() || block->events.back().sequence + 1 == stored ? 0 : block->events.back().sequence + 1;
            answers.add();
        };
        (*store)->telemetry().read(0, next, {.events = 1024, .bytes = 256 * 1024}, {home, std::move(take)});
        answers.await(++asked);
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(events));
    (*store)->close();
}
BENCHMARK(read)->UseRealTime()->Unit(benchmark::kMicrosecond);

} // namespace
