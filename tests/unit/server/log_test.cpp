#include "server/log.hpp"

#include <gtest/gtest.h>
#include <spdlog/details/log_msg.h>

namespace capstan::server {
namespace {

std::string line(std::string_view format, std::string_view text) {
    const spdlog::log_clock::time_point time{std::chrono::milliseconds(1'800'000'000'042)};
    const spdlog::details::log_msg message(time, {}, "capstan", spdlog::level::info, spdlog::string_view_t(text.data(), text.size()));
    spdlog::memory_buf_t buffer;
    make_log_formatter(format)->format(message, buffer);
    return {buffer.data(), buffer.size()};
}

TEST(log, text_is_one_line) {
    EXPECT_EQ(line("text", "listening on \"0.0.0.0\""), "2027-01-15T08:00:00.042Z info    listening on \"0.0.0.0\"\n");
    EXPECT_EQ(line("text", "peer says a\nb\x1b[31m"), "2027-01-15T08:00:00.042Z info    peer says a\\u000ab\\u001b[31m\n");
}

TEST(log, json_is_one_object) {
    EXPECT_EQ(line("json", "a \"b\" \\ c\td"), R"({"time":"2027-01-15T08:00:00.042Z","level":"info","message":"a \"b\" \\ c\u0009d"})"
                                               "\n");
}

} // namespace
} // namespace capstan::server
