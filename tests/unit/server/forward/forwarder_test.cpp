// Handing on: files that are whole after every kind of end, sinks that fail, and how far it came.

#include "server/forward/forwarder.hpp"

#include <condition_variable>
#include <fstream>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <capstan/amqp/message.hpp>

#include "server/forward/file_sink.hpp"
#include "store/store.hpp"
#include "support/temporary_folder.hpp"

namespace capstan::server {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

/// Events with the bodies 0, 1, 2, …
class numbered_events {
public:
    explicit numbered_events(std::size_t count, store::sequence_number first = 0) {
        for (std::size_t index = 0; index < count; ++index) {
            auto& message = messages_.emplace_back();
            amqp::message_builder(message).data(std::to_string(first + index));
        }
        for (std::size_t index = 0; index < count; ++index)
            views.push_back({first + index, wall_time(), 0, {}, {}, messages_[index]});
    }
    std::vector<store::event_view> views;

private:
    std::vector<bytes> messages_;
};

class file_sink_test : public testing::Test {
protected:
    std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& each : fs::recursive_directory_iterator(folder_.path()))
            if (each.is_regular_file())
                names.push_back(each.path().filename());
        std::ranges::sort(names);
        return names;
    }
    std::size_t lines(const std::string& name) const {
        std::ifstream file(folder_ / ("0/" + name));
        return static_cast<std::size_t>(std::count(std::istreambuf_iterator<char>(file), {}, '\n'));
    }

    test::temporary_folder folder_;
    hub::routing::endpoint rules_{.name = "archive", .folder = folder_.path(), .rotate_size = 400, .rotate_time = std::chrono::minutes(5)};
    wall_time now_{std::chrono::milliseconds(1'700'000'000'000)};
};

TEST_F(file_sink_test, finishes_by_size_and_by_age) {
    file_sink sink(rules_);
    const numbered_events ten(10);
    EXPECT_EQ(sink.deliver(0, ten.views, now_).count, 10u);
    EXPECT_THAT(files(), ElementsAre("2023-11-14T22-13-20-0.jsonl.part"));
    const numbered_events more(1, 10);
    EXPECT_EQ(sink.deliver(0, more.views, now_).count, 1u);
    EXPECT_THAT(files(), ElementsAre("2023-11-14T22-13-20-0.jsonl", "2023-11-14T22-13-20-10.jsonl.part"));
    sink.idle(0, now_ + std::chrono::minutes(4));
    EXPECT_EQ(files().back(), "2023-11-14T22-13-20-10.jsonl.part");
    sink.idle(0, now_ + std::chrono::minutes(5));
    EXPECT_EQ(files().back(), "2023-11-14T22-13-20-10.jsonl");
    EXPECT_EQ(lines("2023-11-14T22-13-20-0.jsonl"), 10u);
}

TEST_F(file_sink_test, cuts_off_what_was_written_beyond_what_was_kept) {
    boost::json::value kept;
    {
        file_sink sink(rules_);
        EXPECT_EQ(sink.deliver(0, numbered_events(2).views, now_).count, 2u);
        kept = sink.state(0);
        EXPECT_EQ(sink.deliver(0, numbered_events(1, 2).views, now_).count, 1u); // and then the process is killed
    }
    EXPECT_EQ(lines("2023-11-14T22-13-20-0.jsonl.part"), 3u);
    file_sink sink(rules_);
    sink.resume(0, kept);
    EXPECT_EQ(sink.deliver(0, numbered_events(1, 2).views, now_).count, 1u);
    EXPECT_EQ(lines("2023-11-14T22-13-20-0.jsonl.part"), 3u);
}

TEST_F(file_sink_test, that_cannot_write_says_so_and_goes_on_later) {
    test::temporary_folder other;
    rules_.folder = other.write("file", "");
    file_sink sink(rules_);
    EXPECT_THAT(sink.deliver(0, numbered_events(1).views, now_).trouble, testing::HasSubstr("Not a directory"));
    rules_.folder = folder_.path();
    EXPECT_EQ(sink.deliver(0, numbered_events(1).views, now_).count, 1u);
}

/// Takes what it is allowed to take, and remembers it.
class picky_sink final : public sink {
public:
    explicit picky_sink(std::vector<store::sequence_number>& taken, std::mutex& mutex, std::condition_variable& changed)
        : taken_(taken), mutex_(mutex), changed_(changed) {}
    delivered deliver(store::partition_id, std::span<const store::event_view> events, wall_time) override {
        const std::lock_guard lock(mutex_);
        changed_.notify_all();
        if (++asked_ == 2)
            return {0, "not now"};
        const std::size_t count = asked_ == 1 ? 1 : events.size();
        for (const auto& each : events.first(count))
            taken_.push_back(each.sequence);
        return {count, count < events.size() ? "enough" : ""};
    }

private:
    std::vector<store::sequence_number>& taken_;
    std::mutex& mutex_;
    std::condition_variable& changed_;
    int asked_ = 0;
};

/// Each look is two minutes after the one before: no pause is longer.
class hurried_clock final : public wall_clock {
public:
    wall_time now() const override { return wall_time(std::chrono::minutes(2 * ++looks_)); }

private:
    mutable std::atomic<int> looks_{0};
};

TEST(forwarder, goes_on_where_it_was_after_trouble_and_after_a_restart) {
    const hurried_clock clock;
    const test::temporary_folder folder;
    const auto store = store::open_memory_store(clock, 1);
    work_queue queue;
    const auto append = [&](std::size_t count) {
        store::event_batch batch;
        for (std::size_t index = 0; index < count; ++index)
            batch.add(0, {}, {});
        bool done = false;
        store->telemetry().append(0, std::move(batch), {queue, [&done](const auto&) { done = true; }});
        while (!done)
            queue.run(std::chrono::seconds(1));
    };
    std::vector<store::sequence_number> taken;
    std::mutex mutex;
    std::condition_variable changed;
    for (const std::size_t wanted : {3u, 5u}) {
        append(wanted == 3 ? 3 : 2);
        forwarder one("hook", store->telemetry(), std::make_unique<picky_sink>(taken, mutex, changed), folder / "progress.json", clock);
        ASSERT_TRUE(one.start());
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return taken.size() >= wanted; });
    }
    EXPECT_THAT(taken, ElementsAre(0, 1, 2, 3, 4));
    store->close();
}

TEST(forwarder, refuses_a_progress_file_that_does_not_read) {
    const hurried_clock clock;
    const test::temporary_folder folder;
    const auto store = store::open_memory_store(clock, 1);
    std::vector<store::sequence_number> taken;
    std::mutex mutex;
    std::condition_variable changed;
    forwarder one("hook", store->telemetry(), std::make_unique<picky_sink>(taken, mutex, changed), folder.write("progress.json", "{"),
                  clock);
    EXPECT_THAT(one.start().error(), testing::HasSubstr("progress.json is corrupt"));
    store->close();
}

} // namespace
} // namespace capstan::server
