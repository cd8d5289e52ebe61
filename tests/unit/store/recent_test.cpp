// What the store remembers of devices: store/rocksdb/recent.hpp, and the order in which a round's changes are written.
#include "store/rocksdb/recent.hpp"

#include <gtest/gtest.h>

#include "store/rocksdb/device_cache.hpp"
#include "store/rocksdb/sorted_changes.hpp"

namespace capstan::store {
namespace {

TEST(recent, forgets_what_was_not_asked_for_while_two_generations_filled_up) {
    recent<int> known(2);
    known.at("often") = 1, known.at("once") = 2;
    known.age();
    EXPECT_EQ(*known.find("often"), 1); // of the young generation again
    known.at("new") = 3;
    known.age();
    EXPECT_EQ(known.find("once"), nullptr);
    ASSERT_TRUE(known.find("often"));
    EXPECT_EQ(*known.find("often"), 1);
    EXPECT_EQ(*known.find("new"), 3);
}

TEST(recent, keeps_everything_below_the_bound_and_between_two_calls_of_age) {
    recent<int> known(2);
    for (int number = 0; number < 100; ++number)
        known.at(std::to_string(number)) = number;
    EXPECT_EQ(*known.find("7"), 7);
    known.erase("7");
    EXPECT_EQ(known.find("7"), nullptr);
    known.clear();
    EXPECT_EQ(known.find("8"), nullptr);
}

TEST(device_cache, is_bounded_whoever_is_asked_for) {
    device_cache known;
    const auto keep = [&known](const std::string& id) {
        device read;
        read.id = id;
        known.keep(std::make_shared<const device>(std::move(read)), known.find(id).as_of);
    };
    for (std::size_t wave = 0; wave < 4; ++wave) // each is asked for while the next comes
        for (std::size_t number = 0; number < device_cache::size; ++number) {
            keep(std::to_string(wave) + '-' + std::to_string(number));
            if (wave > 0)
                known.find(std::to_string(wave - 1) + '-' + std::to_string(number));
            ASSERT_LE(known.count(), 2 * device_cache::size);
        }
    EXPECT_TRUE(known.find("3-" + std::to_string(device_cache::size - 1)).found);
}

/// The batch as text, in its order.
class written final : public rocksdb::WriteBatch::Handler {
public:
    std::string text;
    void Put(const rocksdb::Slice& key, const rocksdb::Slice& value) override { text += key.ToString() + '=' + value.ToString() + ' '; }
    void Delete(const rocksdb::Slice& key) override { text += key.ToString() + "- "; }
};

TEST(sorted_changes, are_written_by_key_and_the_last_of_each_counts) {
    sorted_changes changes;
    changes.put("b", {'1'});
    changes.put("c", {'2'});
    changes.put("a", {'3'});
    changes.remove("b");
    changes.put("c", {'4'});
    rocksdb::WriteBatch batch;
    changes.move_to(batch, nullptr);
    changes.move_to(batch, nullptr); // nothing is left
    written found;
    ASSERT_TRUE(batch.Iterate(&found).ok());
    EXPECT_EQ(found.text, "a=3 b- c=4 ");
}

} // namespace
} // namespace capstan::store
