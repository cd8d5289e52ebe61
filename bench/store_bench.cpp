// Telemetry into the durable store and back: how long a commit takes, and how many events share it.

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

} // namespace
