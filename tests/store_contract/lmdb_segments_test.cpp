// The files of the log of events: one behind the other, and gone when nothing in them is kept.

#include <thread>

#include "contract.hpp"
#include "failing_calls.hpp"
#include "store/lmdb/records.hpp"
#include "store/lmdb/segment.hpp"

namespace capstan::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::size_t segment_size = 1024 * 1024;

class lmdb_segments : public testing::Test {
protected:
    lmdb_segments() { open(); }
    ~lmdb_segments() override { close(); }

    store::outcome<std::unique_ptr<store::store>> opened() {
        return store::open_rocksdb_store(clock_, {folder_ / "data", 2},
                                         {.retry_when_full = std::chrono::milliseconds(1), .segment_size = segment_size});
    }
    void open() {
        auto made = opened();
        ASSERT_TRUE(made) << made.error().text;
        store_ = *std::move(made);
        ask_.emplace(*store_, queue_);
    }
    void close() {
        if (!store_)
            return;
        store_->close();
        queue_.drain();
        store_.reset();
    }
    /// One event each, a millisecond apart.
    void append(store::partition_id partition, int count, std::size_t size = 100'000) {
        for (int i = 0; i < count; ++i, ++appended_) {
            ASSERT_TRUE(ask_->append(partition, batch_of({std::to_string(appended_) + std::string(size, 'x')})));
            clock_.advance(std::chrono::milliseconds(1));
        }
    }
    std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator(folder_ / "data/events"))
            if (entry.path().extension().empty() && entry.path().filename().native().find('-') == std::string::npos)
                names.push_back(entry.path().filename());
        std::ranges::sort(names);
        return names;
    }
    fs::path file(const std::string& name) const { return folder_ / "data/events" / name; }
    /// The files go after the answer.
    bool until(const std::function<bool()>& is_so) {
        for (int i = 0; i < 30'000 && !is_so(); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return is_so();
    }
    std::string refusal() {
        const auto again = opened();
        return again ? "it was opened" : again.error().text;
    }
    std::size_t kept(store::partition_id partition) { return ask_->read(partition, 0, {10'000, 1 << 30}).value().events.size(); }

    temporary_folder folder_;
    manual_clock clock_{at_ms(1'000'000)};
    manual_run_queue queue_;
    std::unique_ptr<store::store> store_;
    std::optional<asking> ask_;
    int appended_ = 0;
};

TEST_F(lmdb_segments, events_are_read_and_searched_across_them) {
    append(0, 25);
    append(1, 5);
    append(0, 5);
    EXPECT_GE(files().size(), 4u);
    for (int round = 0; round < 2; ++round) {
        const auto block = ask_->read(0, 3, {10'000, 1 << 30}).value();
        ASSERT_THAT(block.events, SizeIs(27));
        for (std::size_t i = 0; i < block.events.size(); ++i)
            EXPECT_EQ(block.events[i].sequence, i + 3);
        EXPECT_EQ(kept(1), 5u);
        for (int i = 0; i < 25; ++i)
            EXPECT_EQ(ask_->find_after(0, at_ms(999'999 + i)).value(), static_cast<store::sequence_number>(i));
        EXPECT_EQ(ask_->find_after(1, at_ms(1'000'026)).value(), 2u);
        close();
        open();
        EXPECT_EQ(store_->telemetry().state(0).next, 30u);
        EXPECT_EQ(store_->telemetry().state(1).next, 5u);
    }
}

TEST_F(lmdb_segments, one_goes_when_no_partition_keeps_anything_in_it) {
    append(1, 1);
    append(0, 29);
    const auto before = files();
    ASSERT_TRUE(ask_->trim(0, at_ms(1'000'020)));
    EXPECT_EQ(store_->telemetry().state(0).begin, 19u);
    EXPECT_EQ(files(), before) << "the oldest holds an event of the other partition";
    ASSERT_TRUE(ask_->trim(1, at_ms(1'000'020)));
    ASSERT_TRUE(until([&] { return files().size() < before.size(); }));
    EXPECT_EQ(kept(0), 10u);
    EXPECT_EQ(kept(1), 0u);
    close();
    open();
    EXPECT_EQ(store_->telemetry().state(0).begin, 19u);
    EXPECT_EQ(store_->telemetry().state(1).next, 1u);
    EXPECT_EQ(ask_->read(0, 0).value().events.at(0).sequence, 19u);
}

TEST_F(lmdb_segments, when_all_is_forgotten_its_space_is_given_back) {
    append(0, 6);
    EXPECT_THAT(files(), ElementsAre("00000001"));
    ASSERT_TRUE(ask_->trim(0, at_ms(2'000'000)));
    EXPECT_TRUE(until([&] { return files() == std::vector<std::string>{"00000002"}; }));
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(store_->telemetry().state(0).next, 6u);
        EXPECT_EQ(store_->telemetry().state(0).last_enqueued, at_ms(1'000'005));
        close();
        open();
    }
    append(0, 1);
    EXPECT_EQ(ask_->read(0, 0).value().events.at(0).sequence, 6u);
}

TEST_F(lmdb_segments, what_is_kept_takes_few_files_however_often_is_trimmed) {
    for (int i = 0; i < 300; ++i) {
        append(0, 1, 10'000);
        ASSERT_TRUE(ask_->trim(0, clock_.now() - std::chrono::milliseconds(20)));
    }
    EXPECT_TRUE(until([&] { return files().size() <= 2; }));
    EXPECT_EQ(kept(0), 20u);
}

TEST_F(lmdb_segments, a_batch_that_is_too_large_for_one_is_refused_alone) {
    append(0, 1);
    EXPECT_THAT(ask_->append(0, batch_of({std::string(segment_size / 2, 'x')})).error().text, HasSubstr("too large"));
    EXPECT_FALSE(store_->trouble());
    append(0, 1);
    EXPECT_EQ(store_->telemetry().state(0).next, 2u);
}

TEST_F(lmdb_segments, one_that_is_missing_between_others_is_a_loss) {
    append(0, 30);
    close();
    ASSERT_GE(files().size(), 3u);
    fs::rename(file("00000002"), folder_ / "elsewhere");
    EXPECT_THAT(refusal(), HasSubstr("00000002 is not what comes before"));
    fs::rename(folder_ / "elsewhere", file("00000002"));
    open();
    EXPECT_EQ(kept(0), 30u);
}

TEST_F(lmdb_segments, one_whose_making_was_cut_short_is_made_anew) {
    append(0, 3);
    close();
    folder_.write("data/events/00000002.new", "what there was of it");
    open();
    EXPECT_FALSE(fs::exists(file("00000002.new")));
    append(0, 12);
    EXPECT_EQ(kept(0), 15u);
    EXPECT_EQ(files().at(1), "00000002");
}

/// As a check of the file system may leave it.
TEST_F(lmdb_segments, one_that_says_nothing_is_refused) {
    append(0, 12);
    close();
    folder_.write("data/events/00000002", "");
    EXPECT_THAT(refusal(), HasSubstr("00000002"));
    EXPECT_THAT(refusal(), HasSubstr("00000002")) << "and stays so";
}

/// The name of the new one was not durable, and is there again after a power cut; meanwhile the one before was written to.
TEST_F(lmdb_segments, one_that_came_to_nothing_does_not_hide_what_was_accepted) {
    append(0, 6);
    syncs_of_the_folder_fail(EIO);
    ASSERT_TRUE(ask_->trim(0, at_ms(1'000'005))); // more than half: another is to begin
    append(0, 2, 10);
    syncs_of_the_folder_fail(0);
    EXPECT_THAT(files(), ElementsAre("00000001"));
    close();
    {
        const std::vector<store::partition_state> then{{4, 6, at_ms(1'000'005)}, {}};
        ASSERT_TRUE(store::lmdb::segment::make(file("00000002"), segment_size, then));
    }
    open();
    EXPECT_EQ(store_->telemetry().state(0).next, 8u);
    append(0, 1);
    const auto block = ask_->read(0, 0, {100, 1 << 30}).value();
    ASSERT_THAT(block.events, SizeIs(4));
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(block.events[i].sequence, 5 + i);
        EXPECT_THAT(std::string(as_text(block.events[i].message)), testing::StartsWith(std::to_string(5 + i)));
    }
}

/// Likewise, when meanwhile there was nothing but a trim; and one in which there is a trim stays.
TEST_F(lmdb_segments, a_trim_is_not_lost_with_one_that_came_to_nothing) {
    append(0, 3);
    ASSERT_TRUE(ask_->trim(0, at_ms(1'000'001)));
    close();
    const auto begin_after_a_start = [&](std::vector<store::partition_state> second, bool trimmed) {
        {
            const auto made = store::lmdb::segment::make(file("00000002"), segment_size, second).value();
            auto writer = store::lmdb::segment_writer::begin(*made).value();
            if (trimmed) {
                EXPECT_TRUE(writer.put_state(0, {2, 3, at_ms(1'000'002)}) && writer.commit());
            }
        }
        open();
        const auto begin = store_->telemetry().state(0).begin;
        close();
        return begin;
    };
    EXPECT_EQ(begin_after_a_start({{0, 3, at_ms(1'000'002)}, {}}, false), 1u);
    EXPECT_THAT(files(), ElementsAre("00000001"));
    EXPECT_EQ(begin_after_a_start({{1, 3, at_ms(1'000'002)}, {}}, true), 2u);
    EXPECT_THAT(files(), ElementsAre("00000001", "00000002"));
}

/// A round that failed may be found in the segment, its numbers given again in the next: also where it is all that the partition has there.
TEST_F(lmdb_segments, what_was_in_doubt_is_not_read_beside_what_has_its_numbers) {
    close();
    fs::remove(file("00000001"));
    const auto make = [&](const std::string& name, store::sequence_number first, std::string_view text) {
        const std::vector<store::partition_state> begin{{0, first, at_ms(0)}, {}};
        const auto made = store::lmdb::segment::make(file(name), segment_size, begin).value();
        const bytes header = store::records::header(at_ms(0), 1);
        const store::event_batch batch = batch_of({text});
        const bytes_view pieces[] = {header, batch.framed()};
        auto writer = store::lmdb::segment_writer::begin(*made).value();
        ASSERT_TRUE(writer.put_record(0, first, pieces) && writer.commit());
    };
    make("00000001", 0, "a");
    make("00000002", 1, "in doubt");
    make("00000003", 1, "b");
    open();
    EXPECT_EQ(store_->telemetry().state(0).next, 2u);
    EXPECT_THAT(texts_of(ask_->read(0, 0).value()), ElementsAre("a", "b"));
    append(0, 1, 0);
    EXPECT_THAT(texts_of(ask_->read(0, 0).value()), ElementsAre("a", "b", "0"));
    EXPECT_EQ(ask_->find_after(0, at_ms(-1)).value(), 0u);
}

TEST_F(lmdb_segments, a_trim_that_could_not_give_space_back_is_made_up_for_by_the_next) {
    append(0, 30);
    syncs_of_the_folder_fail(ENOSPC);
    ASSERT_TRUE(ask_->trim(0, at_ms(2'000'000)));
    append(1, 1, 10);
    EXPECT_GE(files().size(), 3u);
    syncs_of_the_folder_fail(0);
    ASSERT_TRUE(ask_->trim(0, at_ms(2'000'000)));
    EXPECT_TRUE(until([&] { return files().size() <= 2; })) << files().size();
    EXPECT_EQ(kept(1), 1u);
}

/// LMDB lets nobody read a file any more when this has failed.
TEST_F(lmdb_segments, when_the_page_that_leads_to_the_others_is_not_written_reading_goes_on) {
    append(0, 3);
    writes_of_the_page_that_leads_to_the_others_fail(ENOSPC);
    EXPECT_EQ(ask_->append(0, batch_of({"refused"})).error().code, store::errc::full);
    EXPECT_EQ(kept(0), 3u);
    writes_of_the_page_that_leads_to_the_others_fail(0);
    ASSERT_TRUE(until([&] { return !store_->trouble(); }));
    append(0, 2);
    EXPECT_EQ(kept(0), 5u);
    writes_of_the_page_that_leads_to_the_others_fail(EIO);
    EXPECT_EQ(ask_->append(0, batch_of({"in doubt"})).error().code, store::errc::failed);
    writes_of_the_page_that_leads_to_the_others_fail(0);
    EXPECT_EQ(kept(0), 5u);
    EXPECT_EQ(ask_->append(0, batch_of({"refused"})).error().code, store::errc::failed);
    close();
    open();
    append(0, 1);
    EXPECT_GE(kept(0), 6u);
    EXPECT_LE(kept(0), 7u) << "what was in doubt may be there";
}

TEST_F(lmdb_segments, only_the_newest_keeps_a_lock_beside_it) {
    append(0, 30);
    int locks = 0;
    for (const auto& entry : fs::directory_iterator(folder_ / "data/events"))
        locks += entry.path().native().ends_with("-lock") ? 1 : 0;
    EXPECT_EQ(locks, 1);
}

TEST_F(lmdb_segments, one_that_is_cut_or_nonsense_is_refused) {
    append(0, 5);
    close();
    const std::string whole = folder_.read("data/events/00000001");
    fs::resize_file(file("00000001"), whole.size() / 2);
    EXPECT_THAT(refusal(), HasSubstr("00000001 is cut short"));
    folder_.write("data/events/00000001", std::string(whole.size(), 'x'));
    EXPECT_THAT(refusal(), HasSubstr("cannot open"));
    folder_.write("data/events/00000001", whole);
    open();
    EXPECT_EQ(kept(0), 5u);
}

TEST_F(lmdb_segments, who_reads_one_reads_it_to_its_end_though_it_goes) {
    append(0, 5);
    const auto open_one = store::lmdb::segment::make(folder_ / "apart", segment_size, std::vector<store::partition_state>(1)).value();
    {
        auto writer = store::lmdb::segment_writer::begin(*open_one).value();
        const bytes_view piece = as_bytes("record");
        ASSERT_TRUE(writer.put_record(0, 0, {&piece, 1}));
        ASSERT_TRUE(writer.commit());
    }
    auto cursor = store::lmdb::segment_cursor::open(open_one, 0).value();
    fs::remove(folder_ / "apart");
    ASSERT_TRUE(cursor->seek(0).value());
    EXPECT_EQ(as_text(*cursor->record()), "record");
    EXPECT_FALSE(cursor->next().value());
}

TEST_F(lmdb_segments, a_round_that_is_not_committed_leaves_nothing) {
    const auto one = store::lmdb::segment::make(folder_ / "apart", segment_size, std::vector<store::partition_state>(1)).value();
    const bytes_view piece = as_bytes("record");
    {
        auto writer = store::lmdb::segment_writer::begin(*one).value();
        ASSERT_TRUE(writer.put_record(0, 0, {&piece, 1}));
    }
    auto cursor = store::lmdb::segment_cursor::open(one, 0).value();
    EXPECT_FALSE(cursor->seek(0).value());
}

} // namespace
} // namespace capstan::test
