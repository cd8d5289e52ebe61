#include <thread>

#include "contract.hpp"

namespace capstan::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class telemetry : public contract {};
INSTANTIATE_TEST_SUITE_P(both, telemetry, testing::Values("memory", "rocksdb"), [](const auto& of) { return of.param; });

TEST_P(telemetry, a_new_partition_is_empty) {
    EXPECT_EQ(store_->telemetry().partition_count(), partitions);
    const store::partition_state state = store_->telemetry().state(0);
    EXPECT_EQ(state.begin, 0u);
    EXPECT_EQ(state.next, 0u);
    EXPECT_EQ(state.last_enqueued, wall_time{});
    EXPECT_THAT(ask_->read(0, 0).value().events, IsEmpty());
    EXPECT_EQ(ask_->find_after(0, at_ms(0)).value(), 0u);
}

TEST_P(telemetry, what_is_appended_is_read_as_it_was) {
    store::event_batch batch;
    const bytes_view pieces[] = {as_bytes("he"), as_bytes(""), as_bytes("llo")};
    batch.stamp(1, as_bytes("KV"));
    batch.add(2, as_bytes("abcd"), pieces);
    batch.add(0, {}, {});
    ASSERT_TRUE(ask_->append(1, std::move(batch)));

    const store::event_block block = ask_->read(1, 0).value();
    ASSERT_EQ(block.events.size(), 2u);
    EXPECT_EQ(block.events[0].sequence, 0u);
    EXPECT_EQ(block.events[0].enqueued, clock_.now());
    EXPECT_EQ(block.events[0].pair_count, 3u);
    EXPECT_EQ(as_text(block.events[0].stamp), "KV");
    EXPECT_EQ(as_text(block.events[0].annotations), "abcd");
    EXPECT_EQ(as_text(block.events[0].message), "hello");
    EXPECT_EQ(block.events[1].sequence, 1u);
    EXPECT_EQ(block.events[1].pair_count, 1u);
    EXPECT_EQ(as_text(block.events[1].stamp), "KV");
    EXPECT_THAT(block.events[1].message, IsEmpty());
}

TEST_P(telemetry, partitions_number_their_events_on_their_own) {
    ASSERT_TRUE(ask_->append(0, batch_of({"a", "b"})));
    ASSERT_TRUE(ask_->append(2, batch_of({"c"})));
    ASSERT_TRUE(ask_->append(0, batch_of({"d"})));
    EXPECT_EQ(store_->telemetry().state(0).next, 3u);
    EXPECT_EQ(store_->telemetry().state(1).next, 0u);
    EXPECT_EQ(store_->telemetry().state(2).next, 1u);
    EXPECT_THAT(texts_of(ask_->read(0, 0).value()), ElementsAre("a", "b", "d"));
    EXPECT_THAT(texts_of(ask_->read(2, 0).value()), ElementsAre("c"));
}

TEST_P(telemetry, an_empty_batch_is_accepted_and_is_nothing) {
    EXPECT_TRUE(ask_->append(0, {}));
    EXPECT_EQ(store_->telemetry().state(0).next, 0u);
}

TEST_P(telemetry, a_read_starts_anywhere_also_within_a_batch) {
    ASSERT_TRUE(ask_->append(0, batch_of({"0", "1", "2"})));
    ASSERT_TRUE(ask_->append(0, batch_of({"3", "4"})));
    EXPECT_THAT(texts_of(ask_->read(0, 1).value()), ElementsAre("1", "2", "3", "4"));
    EXPECT_THAT(texts_of(ask_->read(0, 2).value()), ElementsAre("2", "3", "4"));
    EXPECT_THAT(texts_of(ask_->read(0, 3).value()), ElementsAre("3", "4"));
    EXPECT_THAT(texts_of(ask_->read(0, 4).value()), ElementsAre("4"));
    EXPECT_THAT(texts_of(ask_->read(0, 5).value()), IsEmpty());
    EXPECT_THAT(texts_of(ask_->read(0, 1000).value()), IsEmpty());
}

TEST_P(telemetry, a_read_stops_at_its_limits) {
    ASSERT_TRUE(ask_->append(0, batch_of({"0123", "4567"}))); // six bytes each, with the annotations
    ASSERT_TRUE(ask_->append(0, batch_of({"89ab", "cdef"})));
    EXPECT_EQ(ask_->read(0, 0, {3, 1'000}).value().events.size(), 3u);
    EXPECT_EQ(ask_->read(0, 1, {2, 1'000}).value().events.size(), 2u);
    EXPECT_EQ(ask_->read(0, 0, {10, 1}).value().events.size(), 1u);
    EXPECT_EQ(ask_->read(0, 0, {10, 6}).value().events.size(), 1u);
    EXPECT_EQ(ask_->read(0, 0, {10, 7}).value().events.size(), 2u);
    EXPECT_EQ(ask_->read(0, 0, {10, 18}).value().events.size(), 3u);
    EXPECT_EQ(ask_->read(0, 0, {0, 1'000}).value().events.size(), 0u);
}

TEST_P(telemetry, the_memory_of_a_read_lives_without_the_store) {
    ASSERT_TRUE(ask_->append(0, batch_of({"kept"})));
    const store::event_block block = ask_->read(0, 0).value();
    ASSERT_TRUE(ask_->trim(0, at_ms(2'000'000)));
    close();
    EXPECT_EQ(as_text(block.events.at(0).message), "kept");
    open();
}

TEST_P(telemetry, positions_are_found_by_time) {
    for (const std::string_view text : {"a", "b", "c", "d", "e"}) {
        ASSERT_TRUE(ask_->append(0, batch_of({text, text})));
        clock_.advance(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(ask_->find_after(0, at_ms(0)).value(), 0u);
    EXPECT_EQ(ask_->find_after(0, at_ms(999'999)).value(), 0u);
    EXPECT_EQ(ask_->find_after(0, at_ms(1'000'000)).value(), 2u);
    EXPECT_EQ(ask_->find_after(0, at_ms(1'000'005)).value(), 2u);
    EXPECT_EQ(ask_->find_after(0, at_ms(1'000'010)).value(), 4u);
    EXPECT_EQ(ask_->find_after(0, at_ms(1'000'039)).value(), 8u);
    EXPECT_EQ(ask_->find_after(0, at_ms(1'000'040)).value(), 10u);
    EXPECT_EQ(ask_->find_after(1, at_ms(0)).value(), 0u);
}

TEST_P(telemetry, every_time_of_many_records_is_found) {
    constexpr std::uint64_t records = 100;
    std::vector<store::sequence_number> first; // of each record; those of one time belong together
    for (std::uint64_t i = 0; i < records; ++i) {
        first.push_back(store_->telemetry().state(0).next);
        ASSERT_TRUE(ask_->append(0, i % 3 == 0 ? batch_of({"x"}) : batch_of({"x", "y", "z"})));
        clock_.advance(std::chrono::milliseconds(2));
    }
    for (std::uint64_t i = 0; i < records; ++i) {
        const auto time = static_cast<std::int64_t>(1'000'000 + 2 * i);
        EXPECT_EQ(ask_->find_after(0, at_ms(time - 1)).value(), first[i]);
        EXPECT_EQ(ask_->find_after(0, at_ms(time)).value(), i + 1 < records ? first[i + 1] : store_->telemetry().state(0).next);
    }
}

TEST_P(telemetry, the_time_never_goes_back_when_the_clock_does) {
    ASSERT_TRUE(ask_->append(0, batch_of({"a"})));
    clock_.set(at_ms(500));
    ASSERT_TRUE(ask_->append(0, batch_of({"b"})));
    EXPECT_EQ(ask_->read(0, 1).value().events.at(0).enqueued, at_ms(1'000'000));
    EXPECT_EQ(store_->telemetry().state(0).last_enqueued, at_ms(1'000'000));
    EXPECT_EQ(ask_->find_after(0, at_ms(999'999)).value(), 0u);
}

TEST_P(telemetry, trimming_forgets_what_is_older) {
    ASSERT_TRUE(ask_->append(0, batch_of({"a", "b"})));
    clock_.advance(std::chrono::milliseconds(10));
    ASSERT_TRUE(ask_->append(0, batch_of({"c"})));
    ASSERT_TRUE(ask_->append(1, batch_of({"other"})));

    ASSERT_TRUE(ask_->trim(0, at_ms(1'000'000))); // nothing is older
    EXPECT_EQ(store_->telemetry().state(0).begin, 0u);
    ASSERT_TRUE(ask_->trim(0, at_ms(1'000'010)));
    EXPECT_EQ(store_->telemetry().state(0).begin, 2u);
    EXPECT_THAT(texts_of(ask_->read(0, 0).value()), ElementsAre("c"));
    EXPECT_EQ(ask_->read(0, 0).value().events.at(0).sequence, 2u);
    EXPECT_EQ(ask_->find_after(0, at_ms(0)).value(), 2u);
    EXPECT_EQ(store_->telemetry().state(1).begin, 0u);
}

TEST_P(telemetry, numbers_go_on_when_everything_was_trimmed) {
    ASSERT_TRUE(ask_->append(0, batch_of({"a", "b"})));
    ASSERT_TRUE(ask_->trim(0, at_ms(2'000'000)));
    EXPECT_EQ(store_->telemetry().state(0).begin, 2u);
    EXPECT_EQ(store_->telemetry().state(0).next, 2u);
    EXPECT_THAT(texts_of(ask_->read(0, 0).value()), IsEmpty());
    EXPECT_EQ(ask_->find_after(0, at_ms(0)).value(), 2u);
    ASSERT_TRUE(ask_->append(0, batch_of({"c"})));
    EXPECT_EQ(ask_->read(0, 0).value().events.at(0).sequence, 2u);
}

TEST_P(telemetry, a_watcher_hears_of_commits_to_its_partition_until_it_unwatches) {
    std::vector<store::sequence_number> heard;
    const auto id = store_->telemetry().watch(1, queue_, [&](store::partition_state state) { heard.push_back(state.next); });
    ASSERT_TRUE(ask_->append(0, batch_of({"elsewhere"})));
    queue_.drain();
    EXPECT_THAT(heard, IsEmpty());
    ASSERT_TRUE(ask_->append(1, batch_of({"a", "b"})));
    ASSERT_TRUE(queue_.run_until([&] { return !heard.empty(); }));
    EXPECT_EQ(heard.back(), 2u);

    store_->telemetry().unwatch(id);
    ASSERT_TRUE(ask_->append(1, batch_of({"c"})));
    queue_.drain();
    EXPECT_EQ(heard.back(), 2u);
    store_->telemetry().unwatch(id); // of no consequence
}

TEST_P(telemetry, nothing_is_heard_after_unwatch_even_if_it_was_on_its_way) {
    bool heard = false;
    manual_run_queue home;
    const auto id = store_->telemetry().watch(0, home, [&](store::partition_state) { heard = true; });
    ASSERT_TRUE(ask_->append(0, batch_of({"a"})));
    ASSERT_TRUE(ask_->append(0, batch_of({"b"}))); // after the second round the first one's notification is surely posted
    EXPECT_GE(home.posted(), 1u);
    store_->telemetry().unwatch(id);
    home.drain();
    EXPECT_FALSE(heard);
}

TEST_P(telemetry, a_watcher_that_is_behind_hears_only_the_newest) {
    std::vector<store::sequence_number> heard;
    manual_run_queue home;
    store_->telemetry().watch(0, home, [&](store::partition_state state) { heard.push_back(state.next); });
    store_->telemetry().watch(1, home, [&](store::partition_state state) { heard.push_back(100 + state.next); });
    for (int i = 0; i < 10; ++i)
        ASSERT_TRUE(ask_->append(0, batch_of({"a"})));
    ASSERT_TRUE(ask_->append(1, batch_of({"b"})));
    ASSERT_TRUE(ask_->append(2, batch_of({"c"}))); // the rounds before are surely published
    EXPECT_EQ(home.posted(), 1u);
    home.drain();
    EXPECT_THAT(heard, ElementsAre(10u, 101u));
}

TEST_P(telemetry, a_watcher_may_unwatch_another_while_it_is_notified) {
    manual_run_queue home;
    store::telemetry_log::watch_id second = 0;
    bool second_heard = false;
    store_->telemetry().watch(0, home, [&](store::partition_state) { store_->telemetry().unwatch(second); });
    second = store_->telemetry().watch(0, home, [&](store::partition_state) { second_heard = true; });
    ASSERT_TRUE(ask_->append(0, batch_of({"a"})));
    ASSERT_TRUE(ask_->append(1, batch_of({"b"})));
    home.drain();
    EXPECT_FALSE(second_heard);
}

TEST_P(telemetry, appends_of_many_threads_are_all_there_each_threads_in_its_order) {
    constexpr int threads = 4;
    constexpr int batches = 200;
    std::array<manual_run_queue, threads> homes;
    std::array<int, threads> accepted{};
    std::vector<std::jthread> running;
    for (int thread = 0; thread < threads; ++thread)
        running.emplace_back([&, thread] {
            for (int i = 0; i < batches; ++i) {
                const std::string text = std::to_string(thread) + ":" + std::to_string(i);
                store_->telemetry().append(0, batch_of({text, text + "'"}), {homes[thread], [&, thread](store::outcome<void> result) {
                                                                                 accepted[thread] += result ? 1 : 0;
                                                                             }});
            }
            EXPECT_TRUE(homes[thread].run_until([&] { return accepted[thread] == batches; }));
        });
    running.clear();

    const store::event_block block = ask_->read(0, 0).value();
    ASSERT_EQ(block.events.size(), static_cast<std::size_t>(2 * threads * batches));
    std::array<int, threads> next{};
    for (std::size_t i = 0; i < block.events.size(); ++i) {
        EXPECT_EQ(block.events[i].sequence, i);
        const std::string text(as_text(block.events[i].message));
        const auto thread = static_cast<std::size_t>(text[0] - '0');
        const std::string expected = text.substr(0, 2) + std::to_string(next[thread] / 2) + (next[thread] % 2 ? "'" : "");
        EXPECT_EQ(text, expected);
        ++next[thread];
    }
}

TEST_P(telemetry, a_closed_store_has_done_what_was_asked_before_and_refuses_what_comes_after) {
    int accepted = 0;
    for (int i = 0; i < 50; ++i)
        store_->telemetry().append(0, batch_of({"a"}), {queue_, [&](store::outcome<void> result) { accepted += result ? 1 : 0; }});
    store_->close();
    queue_.drain();
    EXPECT_EQ(accepted, 50);
    EXPECT_EQ(ask_->append(0, batch_of({"b"})).error().code, store::errc::closed);
    EXPECT_EQ(ask_->read(0, 0).error().code, store::errc::closed);
    EXPECT_EQ(ask_->find_after(0, at_ms(0)).error().code, store::errc::closed);
    EXPECT_EQ(ask_->trim(0, at_ms(0)).error().code, store::errc::closed);
    EXPECT_EQ(store_->telemetry().state(0).next, 50u);
}

} // namespace
} // namespace capstan::test
