// kill -9 at any moment: every accepted event is there exactly once, in its order and without a gap.

#include <csignal>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contract.hpp"

extern char** environ;

namespace capstan::test {
namespace {

constexpr store::partition_id partitions = 2;
constexpr const char* folder_variable = "CAPSTAN_TEST_CRASH_FOLDER";
constexpr int report_file = 3; // of the process that is going to be killed

/// What that process tells as soon as it has been told so itself.
struct accepted_report {
    std::uint32_t partition;
    std::uint32_t events; ///< since the folder was made
};

/// Appends until it is killed. Each event's text is its sequence number.
class victim {
public:
    explicit victim(store::store& of) : store_(of) {
        for (store::partition_id partition = 0; partition < partitions; ++partition)
            appended_[partition] = accepted_[partition] = static_cast<std::uint32_t>(store_.telemetry().state(partition).next);
    }

    void run() {
        for (store::partition_id partition = 0; partition < partitions; ++partition)
            for (std::uint32_t size = 1; size <= 5; ++size) // five batches on their way at any time
                append(partition, size);
        queue_.run_until([] { return false; });
    }

private:
    void append(store::partition_id partition, std::uint32_t size) {
        store::event_batch batch;
        for (std::uint32_t i = 0; i < size; ++i) {
            const std::string text = std::to_string(appended_[partition]++);
            const bytes_view whole = as_bytes(text);
            batch.add(0, {}, {&whole, 1});
        }
        store_.telemetry().append(partition, std::move(batch), {queue_, [this, partition, size](store::outcome<void> result) {
                                                                    if (!result)
                                                                        std::_Exit(1);
                                                                    report(partition, size);
                                                                    append(partition, size);
                                                                }});
    }
    void report(store::partition_id partition, std::uint32_t size) {
        const accepted_report news{partition, accepted_[partition] += size};
        if (::write(report_file, &news, sizeof(news)) != sizeof(news))
            std::_Exit(2);
    }

    store::store& store_;
    manual_run_queue queue_;
    std::array<std::uint32_t, partitions> appended_{};
    std::array<std::uint32_t, partitions> accepted_{};
};

/// Only the test below starts this one, in a process of its own.
TEST(rocksdb_crash, victim) {
    const char* folder = std::getenv(folder_variable);
    if (!folder)
        GTEST_SKIP() << "for the other process";
    const system_wall_clock clock;
    auto opened = store::open_rocksdb_store(clock, {folder, partitions});
    ASSERT_TRUE(opened) << opened.error().text;
    victim(**opened).run();
}

/// Starts the victim, kills it after so many reports, and gives back what it had reported when it died.
std::array<std::uint32_t, partitions> run_and_kill(const std::filesystem::path& folder, int reports) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, ends[1], report_file);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    std::string filter = "--gtest_filter=rocksdb_crash.victim";
    char* arguments[] = {const_cast<char*>("victim"), filter.data(), nullptr};
    pid_t process = 0;
    ::setenv(folder_variable, folder.c_str(), 1);
    EXPECT_EQ(::posix_spawn(&process, "/proc/self/exe", &files, nullptr, arguments, environ), 0);
    ::unsetenv(folder_variable);
    posix_spawn_file_actions_destroy(&files);
    ::close(ends[1]);

    std::array<std::uint32_t, partitions> accepted{};
    accepted_report news{};
    int count = 0;
    for (; ::read(ends[0], &news, sizeof(news)) == sizeof(news); ++count) { // to the end: what was reported counts
        accepted.at(news.partition) = news.events;
        if (count == reports)
            ::kill(process, SIGKILL);
    }
    EXPECT_GE(count, reports) << "it ended before it was killed";
    ::close(ends[0]);
    ::waitpid(process, nullptr, 0);
    return accepted;
}

TEST(rocksdb_crash, accepted_events_are_there_exactly_once_in_order_without_a_gap) {
    const temporary_folder folder;
    const system_wall_clock clock;
    manual_run_queue queue;
    for (const int reports : {1, 2, 3, 10, 23, 50, 77, 120, 200, 350}) {
        const auto accepted = run_and_kill(folder / "data", reports);
        auto opened = store::open_rocksdb_store(clock, {folder / "data", partitions});
        ASSERT_TRUE(opened) << opened.error().text;
        asking ask(**opened, queue);
        for (store::partition_id partition = 0; partition < partitions; ++partition) {
            const store::event_block block = ask.read(partition, 0).value();
            ASSERT_GE(block.events.size(), accepted[partition]);
            ASSERT_EQ(block.events.size(), (*opened)->telemetry().state(partition).next);
            for (std::size_t i = 0; i < block.events.size(); ++i) {
                ASSERT_EQ(block.events[i].sequence, i);
                ASSERT_EQ(as_text(block.events[i].message), std::to_string(i));
            }
        }
        if (reports % 2 == 0) // sometimes the next victim replays the log, sometimes it does not
            (*opened)->close();
    }
}

} // namespace
} // namespace capstan::test
