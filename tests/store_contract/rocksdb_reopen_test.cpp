// What only a store on disk can show: all of it is there after it was closed, and after it was not.

#include "contract.hpp"

namespace capstan::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class rocksdb_reopen : public testing::Test {
protected:
    rocksdb_reopen() { open(); }
    ~rocksdb_reopen() override { close(); }

    void open() {
        auto opened = store::open_rocksdb_store(clock_, {folder_ / "data", 2});
        ASSERT_TRUE(opened) << opened.error().text;
        store_ = *std::move(opened);
        ask_.emplace(*store_, queue_);
    }
    void close() {
        store_->close();
        queue_.drain();
        store_.reset();
    }
    void reopen() {
        close();
        open();
    }
    /// Leaves the write-ahead log to be replayed.
    void reopen_without_close() {
        store_.reset();
        queue_.drain();
        open();
    }

    temporary_folder folder_;
    manual_clock clock_{at_ms(1'000'000)};
    manual_run_queue queue_;
    std::unique_ptr<store::store> store_;
    std::optional<asking> ask_;
};

TEST_F(rocksdb_reopen, events_their_numbers_and_times_are_kept) {
    ASSERT_TRUE(ask_->append(1, batch_of({"a", "b"})));
    reopen();
    EXPECT_EQ(store_->telemetry().state(1).next, 2u);
    EXPECT_EQ(store_->telemetry().state(1).last_enqueued, at_ms(1'000'000));
    clock_.set(at_ms(500)); // the machine's clock was set back while the hub was down
    ASSERT_TRUE(ask_->append(1, batch_of({"c"})));
    reopen_without_close();
    const auto block = ask_->read(1, 0).value();
    EXPECT_THAT(texts_of(block), ElementsAre("a", "b", "c"));
    EXPECT_EQ(block.events.at(2).sequence, 2u);
    EXPECT_EQ(block.events.at(2).enqueued, at_ms(1'000'000));
}

TEST_F(rocksdb_reopen, numbers_go_on_when_everything_was_trimmed) {
    ASSERT_TRUE(ask_->append(0, batch_of({"a", "b", "c"})));
    ASSERT_TRUE(ask_->trim(0, at_ms(2'000'000)));
    for (int round = 0; round < 2; ++round) {
        round == 0 ? reopen() : reopen_without_close();
        EXPECT_EQ(store_->telemetry().state(0).begin, 3u);
        EXPECT_EQ(store_->telemetry().state(0).next, 3u);
        EXPECT_EQ(store_->telemetry().state(0).last_enqueued, at_ms(1'000'000));
        EXPECT_THAT(ask_->read(0, 0).value().events, IsEmpty());
    }
    ASSERT_TRUE(ask_->append(0, batch_of({"d"})));
    reopen();
    EXPECT_EQ(store_->telemetry().state(0).begin, 3u);
    EXPECT_EQ(ask_->read(0, 0).value().events.at(0).sequence, 3u);
}

TEST_F(rocksdb_reopen, the_oldest_event_after_a_partial_trim_is_known) {
    ASSERT_TRUE(ask_->append(0, batch_of({"a"})));
    clock_.advance(std::chrono::milliseconds(1));
    ASSERT_TRUE(ask_->append(0, batch_of({"b", "c"})));
    ASSERT_TRUE(ask_->trim(0, clock_.now()));
    reopen();
    EXPECT_EQ(store_->telemetry().state(0).begin, 1u);
    EXPECT_EQ(store_->telemetry().state(0).next, 3u);
    EXPECT_EQ(ask_->find_after(0, at_ms(0)).value(), 1u);
    EXPECT_THAT(texts_of(ask_->read(0, 0).value()), ElementsAre("b", "c"));
}

TEST_F(rocksdb_reopen, many_records_are_read_searched_and_trimmed_from_files) {
    const std::string large(20'000, 'x');
    for (int i = 0; i < 200; ++i) {
        ASSERT_TRUE(ask_->append(0, batch_of({large, std::to_string(i)})));
        clock_.advance(std::chrono::milliseconds(1));
        if (i % 50 == 49)
            reopen();
    }
    EXPECT_EQ(ask_->find_after(0, at_ms(1'000'120)).value(), 242u);
    EXPECT_EQ(as_text(ask_->read(0, 243, {1, 1}).value().events.at(0).message), "121");
    ASSERT_TRUE(ask_->trim(0, at_ms(1'000'120)));
    EXPECT_EQ(store_->telemetry().state(0).begin, 240u);
    EXPECT_EQ(as_text(ask_->read(0, 0).value().events.at(1).message), "120");
    reopen();
    EXPECT_EQ(ask_->read(0, 0).value().events.size(), 160u);
    EXPECT_EQ(ask_->find_after(0, at_ms(0)).value(), 240u);
}

TEST_F(rocksdb_reopen, commands_and_their_numbers_are_kept) {
    ASSERT_TRUE(ask_->put("pump", command_of(1, 5'000)));
    ASSERT_TRUE(ask_->put("pump", command_of(2, 4'000)));
    auto tried = command_of(2, 6'000);
    tried.delivery_count = 3;
    ASSERT_TRUE(ask_->put("pump", tried));
    ASSERT_TRUE(ask_->put("fan", command_of(9, 3'000)));
    ASSERT_TRUE(ask_->remove("fan", {9}, {store::feedback_record{}}));
    reopen();
    const auto pump = ask_->load("pump").value();
    ASSERT_EQ(pump.commands.size(), 2u);
    EXPECT_EQ(pump.commands[0].delivery_count, 0u);
    EXPECT_EQ(pump.commands[1].delivery_count, 3u);
    EXPECT_EQ(pump.commands[1].expires, tried.expires);
    EXPECT_EQ(ask_->load("fan").value().next_sequence, 10u);
    EXPECT_THAT(ask_->expiring(9'000), ElementsAre("pump/1", "pump/2"));
    ASSERT_TRUE(ask_->drop("pump"));
    reopen_without_close();
    EXPECT_THAT(ask_->load("pump").value().commands, IsEmpty());
    EXPECT_THAT(ask_->expiring(9'000), IsEmpty());
    EXPECT_EQ(ask_->feedback().value().size(), 1u);
}

TEST_F(rocksdb_reopen, feedback_numbers_never_come_back) {
    ASSERT_TRUE(ask_->remove("pump", {}, {store::feedback_record{}, store::feedback_record{}}));
    const std::uint64_t last = ask_->feedback().value().back().sequence;
    ASSERT_TRUE(ask_->remove_feedback(0, last));
    reopen();
    ASSERT_TRUE(ask_->remove("pump", {}, {store::feedback_record{}}));
    EXPECT_EQ(ask_->feedback().value().at(0).sequence, last + 1);
}

TEST_F(rocksdb_reopen, devices_counts_and_etags_are_kept) {
    const std::string etag = ask_->put(device_of("a"), store::must_not_exist{}).value().etag;
    ASSERT_TRUE(ask_->put(device_of("b", false), store::must_not_exist{}));
    const std::string removed = ask_->put(device_of("c"), store::must_not_exist{}).value().etag;
    ASSERT_TRUE(ask_->remove_device("c", store::must_exist{}));
    reopen();
    EXPECT_EQ(store_->devices().count().total, 2u);
    EXPECT_EQ(store_->devices().count().enabled, 1u);
    EXPECT_EQ(store_->devices().find("a")->etag, etag);
    EXPECT_TRUE(ask_->put(device_of("a"), store::must_match{etag}));
    EXPECT_NE(ask_->put(device_of("c"), store::must_not_exist{}).value().etag, removed);
}

TEST_F(rocksdb_reopen, when_devices_were_heard_of_is_kept) {
    ASSERT_TRUE(ask_->put(device_of("a"), store::must_not_exist{}));
    ASSERT_TRUE(ask_->keep_activity({{"a", at_ms(7'000), at_ms(5'000)}}));
    reopen();
    EXPECT_EQ(store_->devices().activity("a")->last, at_ms(7'000));
    EXPECT_EQ(store_->devices().activity("a")->connection_changed, at_ms(5'000));
}

TEST_F(rocksdb_reopen, ten_batches_that_wait_together_are_few_records) {
    int accepted = 0;
    for (int i = 0; i < 1000; ++i)
        store_->telemetry().append(0, batch_of({"x"}), {queue_, [&](store::outcome<void> result) { accepted += result ? 1 : 0; }});
    ASSERT_TRUE(queue_.run_until([&] { return accepted == 1000; }));
    EXPECT_LT(queue_.posted(), 500u) << "completions are posted by round, not one by one";
    EXPECT_LT(ask_->read(0, 0).value().memory.size(), 500u) << "events of a round lie in one record";
}

TEST_F(rocksdb_reopen, a_round_larger_than_a_record_is_cut_into_records_of_one_time) {
    const std::string large(100'000, 'x');
    int accepted = 0;
    for (int i = 0; i < 100; ++i)
        store_->telemetry().append(0, batch_of({large}), {queue_, [&](store::outcome<void> result) { accepted += result ? 1 : 0; }});
    ASSERT_TRUE(queue_.run_until([&] { return accepted == 100; }));
    const auto block = ask_->read(0, 0).value();
    EXPECT_EQ(block.events.size(), 100u);
    EXPECT_EQ(block.events.back().sequence, 99u);
    for (const auto& memory : block.memory)
        EXPECT_LE(memory->size(), 257u * 1024);
}

TEST_F(rocksdb_reopen, a_batch_larger_than_a_record_is_cut_between_its_events) {
    const std::string half(150'000, 'x'), small(20, 'y'), huge(300'000, 'z');
    ASSERT_TRUE(ask_->append(0, batch_of({half, small, half, half, small, huge, small, small})));
    const auto block = ask_->read(0, 0).value();
    EXPECT_THAT(texts_of(block), ElementsAre(half, small, half, half, small, huge, small, small));
    EXPECT_EQ(block.memory.size(), 5u) << "150+20, 150, 150+20, 300, 20+20";
    for (std::size_t i = 0; i < block.events.size(); ++i)
        EXPECT_EQ(block.events[i].sequence, i);
    EXPECT_EQ(store_->telemetry().state(0).next, 8u);
    EXPECT_THAT(texts_of(ask_->read(0, 4, {2, 1'000'000}).value()), ElementsAre(small, huge));
}

} // namespace
} // namespace capstan::test
