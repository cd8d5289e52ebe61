// A disk that is full, and one that breaks: what was accepted stays, what was not leaves no trace.

#include <csignal>
#include <thread>

#include <sys/resource.h>

#include "contract.hpp"
#include "failing_calls.hpp"

namespace capstan::test {
namespace {

using store::errc;
using testing::ElementsAre;
using testing::HasSubstr;

class rocksdb_failing_disk : public testing::Test {
protected:
    rocksdb_failing_disk() { open(); }
    ~rocksdb_failing_disk() override {
        become(disk::good);
        close();
    }

    void become(disk state) {
        disk_->become(state);
        disk_of_events_becomes(state);
    }
    void open() {
        const store::rocksdb_surroundings surroundings{env_.get(), std::chrono::milliseconds(1)};
        auto opened = store::open_rocksdb_store(clock_, {folder_ / "data", 2}, surroundings);
        ASSERT_TRUE(opened) << opened.error().text;
        store_ = *std::move(opened);
        ask_.emplace(*store_, queue_);
    }
    void close() {
        store_->close();
        queue_.drain();
        store_.reset();
    }
    /// The store tries by itself, each millisecond.
    void wait_until_recovered() {
        for (int i = 0; i < 30'000 && store_->trouble(); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        EXPECT_FALSE(store_->trouble()) << store_->trouble()->text;
    }
    temporary_folder folder_;
    manual_clock clock_{at_ms(1'000'000)};
    manual_run_queue queue_;
    std::shared_ptr<failing_disk> disk_ = std::make_shared<failing_disk>();
    std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(disk_);
    std::unique_ptr<store::store> store_;
    std::optional<asking> ask_;
};

TEST_F(rocksdb_failing_disk, a_full_disk_refuses_loses_nothing_and_is_found_free_again) {
    ASSERT_TRUE(ask_->append(0, batch_of({"a", "b"})));
    ASSERT_TRUE(ask_->put("pump", command_of(1, 1'000)));
    const std::string etag = ask_->put(device_of("pump"), store::must_not_exist{}).value().etag;
    EXPECT_FALSE(store_->trouble());

    become(disk::full);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(ask_->append(0, batch_of({"lost"})).error().code, errc::full);
        EXPECT_EQ(ask_->put("pump", command_of(2, 1'000)).error().code, errc::full);
        EXPECT_EQ(ask_->put(device_of("pump", false), store::must_exist{}).error().code, errc::full);
        EXPECT_EQ(ask_->remove("pump", {1}, {store::feedback_record{}}).error().code, errc::full);
    }
    ASSERT_TRUE(store_->trouble());
    EXPECT_EQ(store_->trouble()->code, errc::full);
    EXPECT_EQ(store_->telemetry().state(0).next, 2u);
    EXPECT_THAT(texts_of(ask_->read(0, 0).value()), ElementsAre("a", "b")) << "reading goes on";
    EXPECT_EQ(ask_->load("pump").value().commands.size(), 1u);
    EXPECT_EQ(store_->devices().find("pump")->etag, etag);

    become(disk::good);
    wait_until_recovered();
    ASSERT_TRUE(ask_->append(0, batch_of({"c"})));
    ASSERT_TRUE(ask_->put("pump", command_of(2, 2'000)));
    for (int round = 0; round < 2; ++round) {
        EXPECT_THAT(texts_of(ask_->read(0, 0).value()), ElementsAre("a", "b", "c"));
        EXPECT_EQ(ask_->read(0, 2).value().events.at(0).sequence, 2u);
        EXPECT_THAT(ask_->expiring(9'000), ElementsAre("pump/1", "pump/2"));
        EXPECT_TRUE(store_->devices().find("pump")->enabled);
        EXPECT_TRUE(ask_->feedback().value().empty());
        round == 0 ? (store_.reset(), open()) : close(); // without close(): the log is replayed
        if (round == 1)
            open();
    }
}

/// Then the disk may hold what was refused: it is in doubt until the store has recovered, and in its place after that.
TEST_F(rocksdb_failing_disk, when_the_sync_finds_it_full_what_was_accepted_stays_and_numbers_have_no_gap) {
    ASSERT_TRUE(ask_->append(0, batch_of({"a"})));
    store::sequence_number heard = 0;
    store_->telemetry().watch(0, queue_, [&](store::partition_state state) { heard = state.next; });
    become(disk::full_when_synced);
    EXPECT_EQ(ask_->append(0, batch_of({"in doubt"})).error().code, errc::full);
    EXPECT_EQ(ask_->append(0, batch_of({"refused"})).error().code, errc::full);
    become(disk::good);
    wait_until_recovered();
    ASSERT_TRUE(ask_->append(0, batch_of({"z"})));
    const auto block = ask_->read(0, 0).value();
    const auto texts = texts_of(block);
    EXPECT_THAT(texts, testing::AnyOf(ElementsAre("a", "z"), ElementsAre("a", "in doubt", "z")));
    EXPECT_EQ(store_->telemetry().state(0).next, texts.size());
    EXPECT_EQ(block.events.back().sequence, texts.size() - 1);
    EXPECT_TRUE(queue_.run_until([&] { return heard == texts.size(); }));
}

TEST_F(rocksdb_failing_disk, again_and_again) {
    std::vector<std::string> accepted;
    for (int i = 0; i < 20; ++i) {
        const std::string text = std::to_string(i);
        become(i % 3 == 2 ? disk::full : disk::good);
        if (i % 3 != 2)
            wait_until_recovered();
        if (ask_->append(1, batch_of({text})))
            accepted.push_back(text);
    }
    EXPECT_EQ(accepted.size(), 14u);
    become(disk::good);
    store_.reset();
    open();
    EXPECT_EQ(texts_of(ask_->read(1, 0).value()), accepted);
}

TEST_F(rocksdb_failing_disk, after_a_failed_sync_nothing_is_written_until_the_store_is_opened_again) {
    ASSERT_TRUE(ask_->append(0, batch_of({"a"})));
    become(disk::broken_when_synced);
    EXPECT_EQ(ask_->append(0, batch_of({"in doubt"})).error().code, errc::failed);
    become(disk::good);
    const auto refused = ask_->append(0, batch_of({"refused"}));
    EXPECT_EQ(refused.error().code, errc::failed);
    EXPECT_THAT(refused.error().text, HasSubstr("Input/output error; the store takes no writes until the hub is started again"));
    EXPECT_EQ(store_->trouble()->code, errc::failed);
    EXPECT_EQ(texts_of(ask_->read(0, 0).value()).size(), 1u) << "reading goes on";

    close();
    open();
    EXPECT_FALSE(store_->trouble());
    EXPECT_TRUE(ask_->append(0, batch_of({"z"})));
    const auto texts = texts_of(ask_->read(0, 0).value());
    EXPECT_EQ(texts.front(), "a");
    EXPECT_EQ(texts.back(), "z");
    EXPECT_EQ(store_->telemetry().state(0).next, texts.size());
}

/// While it lives, no file of this process grows beyond so many bytes.
class file_size_limit {
public:
    explicit file_size_limit(rlim_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit now{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &now);
        signal_before_ = std::signal(SIGXFSZ, SIG_IGN);
    }
    ~file_size_limit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, signal_before_);
    }
    file_size_limit(const file_size_limit&) = delete;
    file_size_limit& operator=(const file_size_limit&) = delete;

private:
    rlimit before_{};
    void (*signal_before_)(int) = nullptr;
};

/// The system's own refusal, not one that a test made up: the log cannot grow, and the store goes on in a new one.
TEST_F(rocksdb_failing_disk, a_limit_on_the_size_of_files_is_survived) {
    const file_size_limit limit(9 * 1024 * 1024);
    std::vector<std::string> accepted;
    int refused = 0;
    for (int i = 0; i < 250; ++i) {
        const std::string text = std::to_string(i) + std::string(100'000, 'x');
        const store::outcome<void> result = ask_->append(0, batch_of({text}));
        if (result) {
            accepted.push_back(text);
        } else {
            ASSERT_EQ(result.error().code, errc::full) << result.error().text;
            ++refused;
            wait_until_recovered();
        }
    }
    EXPECT_GE(refused, 1);
    EXPECT_GE(accepted.size(), 200u);
    EXPECT_EQ(texts_of(ask_->read(0, 0).value()), accepted);
}

/// Reads go on, and see all that was accepted, while the database is replaced below them.
TEST_F(rocksdb_failing_disk, readers_do_not_notice_the_recovery) {
    ASSERT_TRUE(ask_->put(device_of("pump"), store::must_not_exist{}));
    ASSERT_TRUE(ask_->append(0, batch_of({"a"})));
    std::atomic<bool> stop = false;
    manual_run_queue own;
    std::jthread reader([&] {
        asking reading(*store_, own);
        while (!stop) {
            EXPECT_TRUE(store_->devices().find("pump"));
            EXPECT_EQ(store_->devices().list("", 10).size(), 1u);
            EXPECT_EQ(texts_of(reading.read(0, 0, {1, 1000}).value()).at(0), "a");
            EXPECT_TRUE(reading.load("pump"));
        }
    });
    for (int i = 0; i < 10; ++i) {
        become(disk::full);
        EXPECT_FALSE(ask_->append(0, batch_of({"refused"})));
        become(disk::good);
        wait_until_recovered();
        EXPECT_TRUE(ask_->append(0, batch_of({"more"})));
    }
    stop = true;
}

} // namespace
} // namespace capstan::test
