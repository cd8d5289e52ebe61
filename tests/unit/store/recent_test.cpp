// What the store remembers of devices: store/rocksdb/recent.hpp, and the order in which a round's changes are written.
#include "store/rocksdb/recent.hpp"

#include <gtest/gtest.h>

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
