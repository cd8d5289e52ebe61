#include "client/backoff.hpp"

#include <gtest/gtest.h>

namespace capstan::client {
namespace {

using namespace std::chrono_literals;

TEST(backoff, doubles_up_to_the_most) {
    backoff pauses(retry_policy().first(100ms).most(1s).jitter(0), 1);
    for (const auto expected : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms})
        EXPECT_EQ(pauses.next(), expected);
}

TEST(backoff, begins_anew_after_a_success) {
    backoff pauses(retry_policy().first(100ms).jitter(0), 1);
    pauses.next(), pauses.next();
    pauses.reset();
    EXPECT_EQ(pauses.next(), 100ms);
}

TEST(backoff, jitter_only_shortens) {
    bool shortened = false;
    for (std::uint32_t seed = 0; seed < 100; ++seed) {
        const auto pause = backoff(retry_policy().first(1s).jitter(0.5), seed).next();
        EXPECT_GE(pause, 500ms);
        EXPECT_LE(pause, 1s);
        shortened |= *pause < 900ms;
    }
    EXPECT_TRUE(shortened);
}

TEST(backoff, gives_up_after_the_last_attempt) {
    backoff pauses(retry_policy().max_attempts(3), 1);
    EXPECT_TRUE(pauses.next());
    EXPECT_TRUE(pauses.next());
    EXPECT_FALSE(pauses.next());
    pauses.reset();
    EXPECT_TRUE(pauses.next());
}

TEST(backoff, never_overflows) {
    backoff pauses(retry_policy().first(1h).most(24h).jitter(0), 1);
    for (int count = 0; count < 100; ++count)
        EXPECT_LE(pauses.next(), 24h);
    EXPECT_EQ(pauses.next(), 24h);
}

} // namespace
} // namespace capstan::client
