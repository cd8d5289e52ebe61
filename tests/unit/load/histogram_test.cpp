#include "load/histogram.hpp"

#include <memory>

#include <gtest/gtest.h>

namespace capstan::load {
namespace {

TEST(Histogram, IsEmptyAtFirst) {
    const histogram none;
    EXPECT_EQ(none.count(), 0u);
    EXPECT_EQ(none.at(0.5), 0);
    EXPECT_EQ(none.max(), 0);
}

TEST(Histogram, KeepsSmallValuesExactly) {
    histogram some;
    for (int value = 1; value <= 100; ++value)
        some.record(value);
    EXPECT_EQ(some.at(0.5), 50);
    EXPECT_EQ(some.at(0.99), 99);
    EXPECT_EQ(some.at(1), 100);
}

TEST(Histogram, KeepsLargeValuesToWithinOneIn128) {
    for (std::int64_t value = 128; value < histogram::largest / 3; value = value * 3 + 1) {
        histogram some;
        some.record(value);
        some.record(histogram::largest);
        EXPECT_GE(some.at(0.5), value);
        EXPECT_LE(some.at(0.5), value + value / 128);
    }
}

TEST(Histogram, CountsWhatIsOutOfRangeAtItsEnds) {
    histogram some;
    some.record(-5);
    some.record(INT64_MAX);
    EXPECT_EQ(some.at(0.5), 0);
    EXPECT_EQ(some.at(1), histogram::largest);
}

TEST(Histogram, CountsManyAtOnceAndAdds) {
    histogram one, other;
    one.record(10, 98);
    other.record(1000);
    other.record(2000);
    one.add(other);
    EXPECT_EQ(one.count(), 100u);
    EXPECT_EQ(one.at(0.98), 10);
    EXPECT_EQ(one.at(0.99), 1003); // the end of its bucket
    EXPECT_EQ(one.max(), 2000);
}

} // namespace
} // namespace capstan::load
