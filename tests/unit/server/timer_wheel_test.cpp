#include "server/timer_wheel.hpp"

#include <functional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace capstan::server {
namespace {

using namespace std::chrono_literals;

struct probe final : timer {
    std::vector<steady_time> calls;
    std::function<void(steady_time)> then;
    void expired(steady_time now) override {
        calls.push_back(now);
        if (then)
            then(now);
    }
};

struct timer_wheel_test : testing::Test {
    steady_time now{1000h};
    timer_wheel wheel{now};

    void pass(std::chrono::milliseconds time, std::chrono::milliseconds step = timer_wheel::resolution) {
        for (const auto end = now + time; now < end;) {
            now = std::min(now + step, end);
            wheel.advance(now);
        }
    }
};

TEST_F(timer_wheel_test, calls_once_and_never_early) {
    for (const auto delay : {1ms, 99ms, 100ms, 101ms, 999ms, 51'200ms, 51'300ms, 240'000ms, 7'200'000ms}) {
        probe one;
        const auto due = now + delay;
        wheel.schedule(one, due);
        pass(delay + 5min, 50ms);
        ASSERT_EQ(one.calls.size(), 1u) << delay.count();
        EXPECT_GE(one.calls[0], due) << delay.count();
        EXPECT_LE(one.calls[0], due + timer_wheel::resolution + 50ms) << delay.count(); // the time itself passes in steps
        EXPECT_FALSE(one.scheduled());
    }
    EXPECT_TRUE(wheel.empty());
}

TEST_F(timer_wheel_test, a_time_in_the_past_means_the_next_tick) {
    probe one;
    wheel.schedule(one, now - 1h);
    EXPECT_TRUE(one.calls.empty());
    pass(100ms);
    EXPECT_EQ(one.calls.size(), 1u);
}

TEST_F(timer_wheel_test, is_moved_by_scheduling_it_again_and_cancelled) {
    probe moved, cancelled;
    wheel.schedule(moved, now + 1s);
    wheel.schedule(cancelled, now + 1s);
    wheel.schedule(moved, now + 3s);
    cancelled.cancel();
    pass(2s);
    EXPECT_TRUE(moved.calls.empty());
    pass(2s);
    EXPECT_EQ(moved.calls.size(), 1u);
    EXPECT_TRUE(cancelled.calls.empty());
}

TEST_F(timer_wheel_test, a_timer_may_schedule_itself_and_destroy_others) {
    probe recurring;
    auto victim = std::make_unique<probe>();
    recurring.then = [&](steady_time when) {
        victim.reset();
        wheel.schedule(recurring, when + 1s);
    };
    wheel.schedule(recurring, now + 1s);
    wheel.schedule(*victim, now + 1s); // of the same slot, behind it
    pass(10s);
    EXPECT_THAT(recurring.calls.size(), testing::AllOf(testing::Ge(9u), testing::Le(10u)));
}

TEST_F(timer_wheel_test, finds_everything_after_a_long_pause) {
    std::vector<probe> many(1000);
    for (std::size_t i = 0; i < many.size(); ++i)
        wheel.schedule(many[i], now + i * 97ms);
    wheel.advance(now + 24h);
    for (const auto& each : many)
        EXPECT_EQ(each.calls.size(), 1u);
    EXPECT_TRUE(wheel.empty());
}

TEST_F(timer_wheel_test, forgets_a_timer_that_goes) {
    {
        probe one;
        wheel.schedule(one, now + 1s);
        EXPECT_FALSE(wheel.empty());
    }
    EXPECT_TRUE(wheel.empty());
}

} // namespace
} // namespace capstan::server
