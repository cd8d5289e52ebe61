// The write-ahead log after a power cut, which may tear its last record, and after a damage, which may hide what was accepted.

#include "contract.hpp"

namespace capstan::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class rocksdb_log_damage : public testing::Test {
protected:
    store::outcome<std::unique_ptr<store::store>> open() { return store::open_rocksdb_store(clock_, {folder_ / "data", 1}); }

    /// A store that ended without being closed: all its commands, one a commit, are in the log only.
    void make_log(std::uint64_t commands) {
        const auto made = open();
        ASSERT_TRUE(made) << made.error().text;
        asking ask(**made, queue_);
        for (std::uint64_t i = 1; i <= commands; ++i) {
            ends_.push_back(log_size());
            ASSERT_TRUE(ask.put("pump", command_of(i, 5'000)));
        }
        ends_.push_back(log_size());
    }
    fs::path log() const {
        fs::path found;
        for (const auto& entry : fs::directory_iterator(folder_ / "data/store"))
            if (entry.path().extension() == ".log" && (found.empty() || found < entry.path()))
                found = entry.path();
        return found;
    }
    std::size_t log_size() const { return fs::file_size(log()); }
    std::size_t commands_in(store::store& of) { return asking(of, queue_).load("pump").value().commands.size(); }
    void keep() { fs::copy(folder_ / "data", folder_ / "kept", fs::copy_options::recursive); }
    void bring_back() {
        fs::remove_all(folder_ / "data");
        fs::copy(folder_ / "kept", folder_ / "data", fs::copy_options::recursive);
    }
    void flip(std::size_t offset) {
        const fs::path file = fs::relative(log(), folder_.path());
        std::string content = folder_.read(file);
        content.at(offset) = static_cast<char>(content.at(offset) ^ 0x20);
        folder_.write(file, content);
    }

    temporary_folder folder_;
    manual_clock clock_{at_ms(1'000'000)};
    manual_run_queue queue_;
    std::vector<std::size_t> ends_; ///< of the log before each command, and after the last
};

TEST_F(rocksdb_log_damage, a_torn_end_costs_only_what_was_not_accepted) {
    make_log(4);
    keep();
    for (std::size_t size = ends_[3]; size < ends_[4]; ++size) {
        bring_back();
        fs::resize_file(log(), size);
        const auto opened = open();
        ASSERT_TRUE(opened) << size - ends_[3] << " bytes of the last record: " << opened.error().text;
        EXPECT_EQ(commands_in(**opened), 3u);
    }
}

/// A client may write what looks like a record, and a crash may tear it.
TEST_F(rocksdb_log_damage, what_a_client_wrote_is_no_record) {
    const std::string empty_piece("\x05\x2b\x28\x43\x00\x00\x01", 7); // checksum, size, type: whole
    make_log(2);
    {
        const auto opened = open();
        ASSERT_TRUE(opened) << opened.error().text;
    }
    std::string forged;
    for (int i = 0; i < 50; ++i)
        forged += empty_piece + std::string(20, 'x');
    const auto before = log_size(); // a new log may have been begun
    {
        const auto opened = open();
        asking ask(**opened, queue_);
        ASSERT_TRUE(ask.put("pump", command_of(3, 5'000, forged)));
    }
    ASSERT_GT(log_size(), before);
    fs::resize_file(log(), log_size() - 3);
    const auto opened = open();
    EXPECT_TRUE(opened) << opened.error().text;
}

TEST_F(rocksdb_log_damage, anywhere_else_is_refused_with_the_name_of_the_file) {
    make_log(4);
    keep();
    for (std::size_t at = ends_[1]; at < ends_[2]; ++at) {
        bring_back();
        const std::string name = log().filename();
        flip(at);
        const auto opened = open();
        ASSERT_FALSE(opened) << "byte " << at - ends_[1] << " of a record";
        EXPECT_EQ(opened.error().code, store::errc::corrupt);
        EXPECT_THAT(opened.error().text, HasSubstr(name + " is damaged at byte " + std::to_string(ends_[1])));
    }
}

TEST_F(rocksdb_log_damage, a_log_that_is_cut_where_the_damage_begins_is_opened) {
    make_log(4);
    flip(ends_[1] + 10);
    ASSERT_FALSE(open());
    fs::resize_file(log(), ends_[1]);
    const auto opened = open();
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_EQ(commands_in(**opened), 1u);
}

TEST_F(rocksdb_log_damage, of_what_was_written_last_is_refused_unless_it_looks_torn) {
    make_log(2);
    flip(log_size() - 1);
    const auto opened = open();
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().text, HasSubstr("is damaged at byte " + std::to_string(ends_[1])));
}

} // namespace
} // namespace capstan::test
