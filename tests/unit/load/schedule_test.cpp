#include "load/schedule.hpp"

#include <gtest/gtest.h>

namespace capstan::load {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start{10s};

TEST(Schedule, HasItsRate) {
    schedule steady(1000, 1us);
    steady.start(start);
    EXPECT_EQ(steady.due(start - 1ns), 0u);
    EXPECT_EQ(steady.due(start), 1u);
    EXPECT_EQ(steady.due(start + 999us), 1u);
    EXPECT_EQ(steady.due(start + 1ms), 2u);
    EXPECT_EQ(steady.due(start + 1h), 3'600'001u);
}

/// Coordinated omission: however late somebody asks, each message keeps its time.
TEST(Schedule, KeepsTheTimesOfMessagesThatAreLate) {
    schedule steady(100, 1us);
    steady.start(start);
    EXPECT_EQ(steady.due(start + 5s), 501u);
    EXPECT_EQ(steady.time_of(0), start);
    EXPECT_EQ(steady.time_of(250), start + 2500ms);
}

TEST(Schedule, PutsTheMessagesOfATickAtItsEnd) {
    schedule steady(25'000, 100us); // two or three in a tick
    steady.start(start);
    EXPECT_EQ(steady.time_of(1), start + 100us);
    EXPECT_EQ(steady.time_of(2), start + 100us);
    EXPECT_EQ(steady.time_of(3), start + 200us);
    EXPECT_EQ(steady.due(start + 99us), 1u);
    EXPECT_EQ(steady.due(start + 100us), 3u);
}

TEST(Schedule, AgreesWithItselfAtOddRates) {
    for (const double rate : {0.3, 7.0, 333.333, 99'999.9, 1'234'567.0}) {
        schedule odd(rate, 100us);
        odd.start(start);
        for (auto at = start; at < start + 100ms; at += 777us) {
            const auto due = odd.due(at);
            EXPECT_LE(odd.time_of(due - 1), at) << rate;
            EXPECT_GT(odd.time_of(due), at) << rate;
        }
    }
}

} // namespace
} // namespace capstan::load
