#include "hub/peer_log.hpp"

#include <gtest/gtest.h>

namespace capstan::hub {
namespace {

TEST(printable, is_short_and_one_line) {
    EXPECT_EQ(printable("plain text, as it is"), "plain text, as it is");
    EXPECT_EQ(printable("a\nb\x1b[31m\xc3\xa4\x7f"), "a\\x0ab\\x1b[31m\\xc3\\xa4\\x7f");
    EXPECT_EQ(printable(R"("\)"), R"(\"\\)");
    EXPECT_EQ(printable(std::string(200, 'x')), std::string(200, 'x'));
    EXPECT_EQ(printable(std::string(201, 'x')), std::string(200, 'x') + "...");
}

TEST(line_budget, is_so_many_a_second) {
    line_budget lines(2);
    const wall_time now(std::chrono::milliseconds(1'000'900));
    EXPECT_TRUE(lines.take(now));
    EXPECT_TRUE(lines.take(now));
    EXPECT_FALSE(lines.take(now));
    EXPECT_FALSE(lines.take(now));
    EXPECT_TRUE(lines.take(now + std::chrono::milliseconds(100)));
    EXPECT_EQ(lines.left_out(), 2u);
    EXPECT_EQ(lines.left_out(), 0u);
}

TEST(peer_log, has_a_budget_of_its_own_and_one_with_all) {
    line_budget everybody(7);
    peer_log first(everybody), second(everybody);
    const wall_time now(std::chrono::seconds(1));
    int of_first = 0, of_second = 0;
    for (int i = 0; i < 20; ++i)
        of_first += first.may_write(now);
    for (int i = 0; i < 20; ++i)
        of_second += second.may_write(now);
    EXPECT_EQ(of_first, 5);
    EXPECT_EQ(of_second, 2);
    EXPECT_EQ(first.left_out(), 15u);
}

} // namespace
} // namespace capstan::hub
