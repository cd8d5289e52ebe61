#include "hub/message_rules.hpp"

#include <gtest/gtest.h>

namespace capstan::hub {
namespace {

struct row {
    std::string text;
    bool valid;
};

TEST(message_rules, message_ids) {
    const row rows[] = {
        {"", true},
        {"m1", true},
        {"98000102-0304-0506-0708-090a0b0c0d0e", true},
        {"-:.+%_#*?!(),=@;$'", true},
        {std::string(128, 'x'), true},
        {std::string(129, 'x'), false},
        {"two words", false},
        {"a/b", false},
        {"a\"b", false},
        {"gr\xc3\xb6\xc3\x9f"
         "e",
         false},
        {std::string("a\0b", 3), false},
    };
    for (const auto& [text, valid] : rows)
        EXPECT_EQ(valid_message_id(text), valid) << text;
}

TEST(message_rules, property_texts) {
    const row rows[] = {
        {"", true},
        {"colour", true},
        {"!#$%&'*+-.^_`|~", true},
        {"21.5", true},
        {std::string(5000, 'v'), true},
        {"two words", false},
        {"a:b", false},
        {"a/b", false},
        {"a=b", false},
        {"(a)", false},
        {"a@b", false},
        {"a\nb", false},
        {"caf\xc3\xa9", false},
    };
    for (const auto& [text, valid] : rows)
        EXPECT_EQ(valid_property_text(text), valid) << text;
}

TEST(message_rules, creation_times) {
    const row rows[] = {
        {"2026-01-31T23:59:59", true},
        {"2026-01-31T23:59:59Z", true},
        {"2026-01-31T23:59:59.1Z", true},
        {"2026-01-31T23:59:59.1234567Z", true},
        {"2026-01-31T23:59:59.123456789", true},
        {"2028-02-29T00:00:00Z", true},
        {"2016-12-31T23:59:60Z", true},
        {"", false},
        {"now", false},
        {"2026-01-31", false},
        {"2026-01-31 23:59:59", false},
        {"2026-02-29T00:00:00Z", false},
        {"2026-13-01T00:00:00Z", false},
        {"2026-00-01T00:00:00Z", false},
        {"2026-01-31T24:00:00Z", false},
        {"2026-01-31T23:60:00Z", false},
        {"2026-01-31T23:59:59.Z", false},
        {"2026-01-31T23:59:59.1234567890Z", false},
        {"2026-01-31T23:59:59+00:00", false},
        {"2026-01-31T23:59:59+01:00", false},
        {"2026-01-31T23:59:59z", false},
        {"2026-01-31T23:59:59ZZ", false},
    };
    for (const auto& [text, valid] : rows)
        EXPECT_EQ(valid_creation_time(text), valid) << text;
}

TEST(message_rules, times) {
    using namespace std::chrono_literals;
    constexpr wall_time second = std::chrono::sys_days(std::chrono::year(2026) / 1 / 31) + 23h + 59min + 58s;
    EXPECT_EQ(parse_utc_time("2026-01-31T23:59:58"), second);
    EXPECT_EQ(parse_utc_time("2026-01-31T23:59:58.7Z"), second + 700ms);
    EXPECT_EQ(parse_utc_time("2026-01-31T23:59:58.1239999Z"), second + 123ms);
}

amqp::map one_property(std::string_view name, std::string_view value) {
    amqp::map properties;
    properties.entries.emplace_back(name, value);
    return properties;
}

TEST(message_rules, a_problem_names_what_is_wrong) {
    const auto problem = [](std::string_view id, std::string_view name, std::string_view value) {
        return message_problem(id, one_property(name, value)).value_or("");
    };
    EXPECT_EQ(problem("m1", "colour", "blue"), "");
    EXPECT_EQ(problem("m1", "iothub-ack", "full"), "");
    EXPECT_EQ(problem("m1", "iothub-message-schema", "of/my own"), "") << "the system's own";
    EXPECT_EQ(problem("m1", "iothub-creation-time-utc", "2026-01-31T23:59:59Z"), "");
    EXPECT_NE(problem("m 1", "colour", "blue").find("message id"), std::string::npos);
    EXPECT_NE(problem("m1", "two words", "blue").find("name 'two words'"), std::string::npos);
    EXPECT_NE(problem("m1", "", "blue").find("no name"), std::string::npos);
    EXPECT_NE(problem("m1", "colour", "light blue").find("'colour'"), std::string::npos);
    EXPECT_NE(problem("m1", "iothub-creation-time-utc", "noon").find("iothub-creation-time-utc"), std::string::npos);
}

TEST(message_rules, commands_over_amqp_carry_any_text) {
    const auto problem = [](std::string_view id, std::string_view name, std::string_view value) {
        return command_problem(id, one_property(name, value)).value_or("");
    };
    EXPECT_EQ(problem("m1", "two words", "light blue: 7/8, caf\xc3\xa9\n"), "");
    EXPECT_NE(problem("m1", "", "blue").find("no name"), std::string::npos);
    EXPECT_NE(problem("m 1", "colour", "blue").find("message id"), std::string::npos);
    EXPECT_NE(problem("m1", "iothub-creation-time-utc", "noon").find("iothub-creation-time-utc"), std::string::npos);
}

} // namespace
} // namespace capstan::hub
