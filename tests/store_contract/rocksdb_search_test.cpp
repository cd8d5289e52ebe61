// Searches beside the commits and trims that happen while they are under way.

#include "contract.hpp"
#include "store/lmdb/record_search.hpp"

namespace capstan::test {
namespace {

class rocksdb_search : public testing::Test {
protected:
    /// Records of two events each, ten milliseconds apart from at_ms(1'000'000) on; of the first `trimmed` nothing is left, for each is in
    /// a file of its own.
    std::unique_ptr<store::lmdb::segment_list> make(int records, int trimmed) {
        auto made = store::open_rocksdb_store(clock_, {folder_ / "data", 1}, {.segment_size = 1024 * 1024});
        asking ask(**made, queue_);
        for (int i = 0; i < records; ++i) {
            EXPECT_TRUE(ask.append(0, batch_of({std::string(200'000, 'a'), std::string(200'000, 'b')})));
            clock_.advance(std::chrono::milliseconds(10));
        }
        EXPECT_TRUE(ask.trim(0, at_ms(1'000'000 + 10 * trimmed)));
        (*made)->close();
        made->reset();
        return *store::lmdb::segment_list::open({folder_ / "data/events", 1, false});
    }

    temporary_folder folder_;
    manual_clock clock_{at_ms(1'000'000)};
    manual_run_queue queue_;
};

TEST_F(rocksdb_search, by_time_ends_when_what_it_knew_of_was_trimmed) {
    const auto data = make(8, 5);
    const auto search = [&](store::partition_state known, std::int64_t ms) {
        return store::lmdb::find_event_after(*data, 0, known, at_ms(ms));
    };
    const store::partition_state ended_before{0, 4, at_ms(1'000'010)}; // none of it is left
    EXPECT_EQ(search(ended_before, 0).value(), 4u);
    EXPECT_EQ(search(ended_before, 1'000'060).value(), 4u);
    const store::partition_state began_before{0, 16, at_ms(1'000'070)}; // 10 to 15 are left
    EXPECT_EQ(search(began_before, 0).value(), 10u);
    EXPECT_EQ(search(began_before, 1'000'050).value(), 12u);
    EXPECT_EQ(search(began_before, 1'000'069).value(), 14u);
    EXPECT_EQ(search(began_before, 1'000'070).value(), 16u);
}

TEST_F(rocksdb_search, by_time_ends_when_nothing_is_left) {
    const auto data = make(4, 4);
    EXPECT_EQ(store::lmdb::find_event_after(*data, 0, {0, 8, at_ms(1'000'030)}, at_ms(0)).value(), 8u);
}

} // namespace
} // namespace capstan::test
