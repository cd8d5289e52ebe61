#include "hub/throttle.hpp"

#include <gtest/gtest.h>

namespace capstan::hub {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr wall_time start{1'700'000'000'000ms};

struct row {
    const char* what;
    throttle_tier tier;
    std::uint32_t units;
    operation kind;
    std::size_t a_minute;
};
constexpr row rows[] = {
    {"S1 registry", throttle_tier::s1, 1, operation::registry, 100},
    {"S1 registry, three units", throttle_tier::s1, 3, operation::registry, 300},
    {"S2 registry", throttle_tier::s2, 1, operation::registry, 100},
    {"S3 registry", throttle_tier::s3, 1, operation::registry, 5'000},
    {"S1 connections", throttle_tier::s1, 1, operation::connection, 6'000},
    {"S1 telemetry: few units add nothing", throttle_tier::s1, 8, operation::telemetry, 6'000},
    {"S1 telemetry, many units", throttle_tier::s1, 10, operation::telemetry, 7'200},
    {"S2 telemetry", throttle_tier::s2, 1, operation::telemetry, 7'200},
    {"S3 telemetry", throttle_tier::s3, 1, operation::telemetry, 360'000},
    {"S1 sends", throttle_tier::s1, 1, operation::command_send, 100},
    {"S1 receives", throttle_tier::s1, 1, operation::command_receive, 1'000},
    {"S3 receives", throttle_tier::s3, 2, operation::command_receive, 100'000},
    {"S1 queries", throttle_tier::s1, 1, operation::query, 20},
    {"S3 queries", throttle_tier::s3, 1, operation::query, 1'000},
};

TEST(throttle, gives_a_minutes_worth_at_once_and_lets_the_next_wait) {
    for (const auto& [what, tier, units, kind, a_minute] : rows) {
        throttle limits(tier, units);
        // Durations are whole nanoseconds: a few in a hundred thousand may be more.
        ASSERT_EQ(limits.take(kind, start, a_minute - 1), 0ms) << what;
        EXPECT_EQ(limits.take(kind, start), 0ms) << what;
        const auto next = limits.take(kind, start, 2);
        ASSERT_TRUE(next) << what;
        EXPECT_GT(*next, 0ms) << what;
        EXPECT_LE(*next, std::chrono::ceil<milliseconds>(2min / static_cast<double>(a_minute))) << what;
    }
}

TEST(throttle, lets_ten_seconds_worth_wait_in_turn_and_refuses_the_rest) {
    throttle limits(throttle_tier::s1, 1);
    ASSERT_EQ(limits.take(operation::registry, start, 100), 0ms);
    for (int turn = 1; turn <= 16; ++turn)
        EXPECT_EQ(limits.take(operation::registry, start), milliseconds(600 * turn));
    for (int again = 0; again < 3; ++again)
        EXPECT_FALSE(limits.take(operation::registry, start)) << "a refusal takes nothing";
    EXPECT_EQ(limits.take(operation::registry, start + 600ms), 9'600ms);
    EXPECT_FALSE(limits.take(operation::registry, start + 600ms));
}

TEST(throttle, goes_at_the_rate_of_the_limit_while_it_is_asked_too_much) {
    throttle limits(throttle_tier::s1, 1);
    std::size_t passed = 0;
    for (auto now = start; now < start + 10min; now += 100ms)
        passed += limits.take(operation::registry, now).has_value();
    EXPECT_EQ(passed, 100u + 16u + 1000u) << "the bucket, the queue, and a hundred a minute";
}

TEST(throttle, fills_its_bucket_again_and_no_more_than_that) {
    throttle limits(throttle_tier::s1, 1);
    ASSERT_EQ(limits.take(operation::query, start, 20), 0ms);
    EXPECT_EQ(limits.take(operation::query, start + 30s, 10), 0ms);
    EXPECT_EQ(limits.take(operation::query, start + 1h, 20), 0ms);
    EXPECT_EQ(limits.take(operation::query, start + 1h), 3'000ms);
}

TEST(throttle, counts_each_kind_for_itself) {
    throttle limits(throttle_tier::s1, 1);
    ASSERT_EQ(limits.take(operation::registry, start, 100), 0ms);
    EXPECT_EQ(limits.take(operation::query, start), 0ms);
    EXPECT_EQ(limits.take(operation::command_send, start), 0ms);
}

TEST(throttle, a_clock_that_is_set_back_costs_a_full_queue_at_most) {
    throttle limits(throttle_tier::s1, 1);
    ASSERT_EQ(limits.take(operation::registry, start + 24h, 100), 0ms);
    EXPECT_FALSE(limits.take(operation::registry, start));
    EXPECT_TRUE(limits.take(operation::registry, start + 600ms));
}

TEST(throttle, tiers_by_name) {
    EXPECT_EQ(throttle_tier_of("none"), throttle_tier::none);
    EXPECT_EQ(throttle_tier_of("S1"), throttle_tier::s1);
    EXPECT_EQ(throttle_tier_of("S3"), throttle_tier::s3);
    EXPECT_FALSE(throttle_tier_of("s1"));
    EXPECT_FALSE(throttle_tier_of(""));
    EXPECT_EQ(throttled_text(operation::registry), "The request has been throttled. Wait 10 seconds and try again. Operation type: CRUD");
}

} // namespace
} // namespace capstan::hub
