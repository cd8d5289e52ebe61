// The query language, row by row. What is right comes from contract/semantics.md, sections 4.2 to 4.6, and from the tests of
// the open routing engine that it names (ConditionCompilerTest, BodyQueryTest).

#include "hub/routing/condition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/routing/message_subject.hpp"

namespace capstan::hub::routing {
namespace {

/// A message with properties of both kinds and a body.
class routed_message {
public:
    explicit routed_message(std::string body = standard_body, std::string type = "application/json", std::string encoding = "utf-8") {
        amqp::message_properties properties;
        properties.message_id = std::string("m-1");
        properties.content_type = type;
        properties.content_encoding = encoding;
        amqp::map application;
        for (const auto& [name, content] : {std::pair("key1", "value1"),
                                            {"key2", "value2"},
                                            {"3", "value3"},
                                            {"number", "10"},
                                            {"Level", "Critical"},
                                            {"null_name", "x"},
                                            {"$body.odd", "own"},
                                            {"a-b", "minus"}})
            application.entries.emplace_back(name, content);
        application.entries.emplace_back("nothing", amqp::value());
        application.entries.emplace_back("whole", std::int32_t{42});
        amqp::message_builder(octets_).properties(properties).application_properties(application).data(body);
    }
    value ask(std::string_view text) const {
        const auto compiled = condition::compile(text);
        EXPECT_TRUE(compiled) << text << ": " << (compiled ? "" : to_text(compiled.error()));
        if (!compiled)
            return undefined();
        const auto message = amqp::message_view::parse(octets_).value();
        const sender_stamp sender{.device = "Dev1", .module = {}, .generation_id = "77", .auth_method = "{}", .model_id = {}};
        return compiled->evaluate(message_subject(message, sender, wall_time(std::chrono::milliseconds(0))));
    }

    static constexpr auto standard_body = R"({
        "message": {"Weather": {"Temperature": 50, "Time": "2017-03-09T00:00:00.000Z", "IsEnabled": true, "Place": "Sea",
        "HistoricalData": [{"Month": "Feb", "Temperature": 40}, {"Month": "Jan"}], "Nothing": null, "Real": 1.5}}, "n": 3, "list": [7]})";

private:
    bytes octets_;
};

std::string said(std::string_view text) { return to_text(routed_message().ask(text)); }

struct row {
    const char* condition;
    const char* result;
};

class conditions : public testing::TestWithParam<row> {};

TEST_P(conditions, mean_what_the_contract_says) { EXPECT_EQ(said(GetParam().condition), GetParam().result) << GetParam().condition; }

constexpr row words[] = {
    {"", "undefined"},
    {"true", "true"},
    {"false", "false"},
    {"null", "null"},
    {"undefined", "undefined"},
    {"/* all */ true", "true"},
    {"3", "3"},
    {"-3", "-3"},
    {"0x1F", "31"},
    {".5", "0.5"},
    {"1.5e3", "1500"},
    {"10e1000", "inf"},
    {"'a\\'b'", "'a'b'"},
    {"\"it's\"", "'it's'"},
    {"'\\u00e9'", "'\xc3\xa9'"},
    {"'\\ud83d\\ude00'", "'\xf0\x9f\x98\x80'"},
};
INSTANTIATE_TEST_SUITE_P(words, conditions, testing::ValuesIn(words));

constexpr row names[] = {
    {"key1 = 'value1'", "true"},
    {"KEY1 = 'value1'", "true"},
    {"key1 = 'Value1'", "false"},
    {"nobody = 'x'", "undefined"},
    {"a-b = 'minus'", "true"},
    {"key1 <> 'x'", "true"},
    {"key1 != 'x'", "true"},
    {"whole = '42'", "true"},
    {"level='Critical'", "true"},
    {"$messageId = 'm-1'", "true"},
    {"$MESSAGEID = 'm-1'", "true"},
    {"{$messageId} = 'm-1'", "true"},
    {"$correlationId = 'x'", "undefined"},
    {"$contentType = 'application/json'", "true"},
    {"$connectionDeviceId = 'Dev1'", "true"},
    {"$connectionDeviceId = 'dev1'", "false"},
    {"$connectionDeviceGenerationId = '77'", "true"},
    {"$connectionModuleId = 'm'", "undefined"},
    {"$enqueuedTime = '1970-01-01T00:00:00.0000000Z'", "true"},
    {"$enqueuedTime < '2000'", "true"},
    {"$twin.tags.x = 1", "undefined"},
    {"$unknown = 'x'", "undefined"},
};
INSTANTIATE_TEST_SUITE_P(names, conditions, testing::ValuesIn(names));

constexpr row bodies[] = {
    {"$body.message.Weather.Temperature = 50", "true"},
    {"$BODY.message.Weather.Temperature > 49", "true"},
    {"$body.message.Weather.temperature = 50", "false"},
    {"$body.message.Weather.IsEnabled", "true"},
    {"$body.message.Weather.IsEnabled = true AND $body.n = 3", "true"},
    {"$body.message.Weather.Place = 'Sea'", "true"},
    {"$body.message.Weather.HistoricalData[0].Month = 'Feb'", "true"},
    {"$body.message.Weather.HistoricalData[0].Temperature - 5 = 35", "true"},
    {"$body.message.Weather.HistoricalData[5].Month = null", "true"},
    {"$body.list[0] = 7", "true"},
    {"$body.message.Weather.Time = '2017-03-09T00:00:00.000Z'", "true"},
    {"$body.message.Weather.Real = 1.5", "true"},
    // A member that is missing is like null; one of a number is nothing.
    {"$body.x = null", "true"},
    {"$body.x <> '100'", "true"},
    {"$body.x.y = null", "true"},
    {"$body.n.x = null", "undefined"},
    {"$body.message.Weather.Nothing = null", "true"},
    {"$body.message.Weather <> null", "undefined"},
    {"$body.list = 1", "undefined"},
    {"$body = 1", "undefined"},
    {"$body[0] = 1", "undefined"},
    {"$body. = 1", "undefined"},
    // Different kinds: never equal, and in the order truth, number, text, null.
    {"$body.n = '3'", "false"},
    {"$body.n <> '3'", "true"},
    {"$body.n < '1'", "true"},
    {"$body.message.Weather.IsEnabled < 0", "true"},
    {"$body.message.Weather.Place < null", "true"},
    {"$body.n + $body.message.Weather.Temperature = 53", "true"},
    {"$body.n + $body.message.Weather.Place = 1", "undefined"},
};
INSTANTIATE_TEST_SUITE_P(bodies, conditions, testing::ValuesIn(bodies));

constexpr row operators[] = {
    {"1 + 2 * 3", "7"},
    {"(1 + 2) * 3", "9"},
    {"7 % 4", "3"},
    {"7 - 4 - 2", "1"},
    {"1 / 0", "inf"},
    {"1 % 0", "undefined"},
    {"- 3 + 5", "2"},
    {"null + 1", "1"},
    {"1 < 2", "true"},
    {"2 <= 2", "true"},
    {"'a' < 'b'", "true"},
    {"'a' < 'B'", "false"},
    {"false < true", "true"},
    {"null = null", "true"},
    {"null <= null", "true"},
    {"null < null", "false"},
    {"null <> null", "false"},
    {"'a' || 'b' = 'ab'", "true"},
    {"key1 || nobody = 'x'", "undefined"},
    {"key1 || nothing = 'value1'", "true"},
    {"NOT true", "false"},
    {"not false", "true"},
    {"NOT undefined", "undefined"},
    {"NOT null", "true"},
    {"not key1 = 'x'", "ERROR"},
    {"undefined AND false", "false"},
    {"false AND undefined", "false"},
    {"undefined AND true", "undefined"},
    {"undefined OR true", "true"},
    {"undefined OR false", "undefined"},
    {"null AND true", "null"},
    {"null OR true", "true"},
    {"null OR false", "false"},
    {"nobody = '1' OR $body.n = 3", "true"},
    {"true or false and false", "true"},
    {"(true or false) and false", "false"},
    {"nobody ?? 'x' = 'x'", "ERROR"},
    {"(nobody ?? 'x') = 'x'", "true"},
    {"(key1 ?? 'x') = 'value1'", "true"},
};

TEST(condition, operators_and_three_values) {
    for (const auto& [text, result] : operators) {
        if (std::string_view(result) == "ERROR")
            EXPECT_FALSE(condition::compile(text)) << text;
        else
            EXPECT_EQ(said(text), result) << text;
    }
}

constexpr row functions[] = {
    {"ABS(- 2)", "2"},
    {"abs(-2)", "2"},
    {"EXP(0)", "1"},
    {"SQUARE(3)", "9"},
    {"CEILING(1.2)", "2"},
    {"FLOOR(-1.2)", "-2"},
    {"SIGN(-7)", "-1"},
    {"SQRT(9)", "3"},
    {"SQRT(-9)", "undefined"},
    {"POWER(2, 10)", "1024"},
    {"ABS($body.message.Weather.Place)", "undefined"},
    {"AS_NUMBER('12.5')", "12.5"},
    {"AS_NUMBER(' -1,000 ')", "-1000"},
    {"AS_NUMBER('x')", "undefined"},
    {"AS_NUMBER(3)", "3"},
    {"AS_NUMBER('10e1000') = 1/0", "true"},
    {"AS_NUMBER('10e1000') = 1 / 0", "true"},
    {"AS_NUMBER(number) > 9", "true"},
    {"AS_NUMBER('')", "undefined"},
    {"IS_BOOL(true)", "true"},
    {"IS_BOOL(undefined)", "false"},
    {"IS_NUMBER(3)", "true"},
    {"IS_NUMBER(1 / 0)", "false"},
    {"IS_STRING(key1)", "true"},
    {"IS_DEFINED(key1)", "true"},
    {"IS_DEFINED(nobody)", "false"},
    {"IS_DEFINED(nothing)", "true"},
    {"IS_DEFINED($body.n)", "true"},
    {"IS_DEFINED($body.x)", "false"},
    {"IS_NULL(nobody)", "false"},
    {"IS_NULL(nothing)", "true"},
    {"IS_NULL($body.n)", "false"},
    {"IS_NULL($body.message.Weather.Nothing)", "true"},
    {"IS_OBJECT($body.message)", "true"},
    {"IS_ARRAY($body.list)", "true"},
    {"IS_ARRAY($body.n)", "false"},
    {"IS_PRIMITIVE($body.n)", "true"},
    {"IS_PRIMITIVE($body.list)", "false"},
    {"CONCAT('a', key1, nothing)", "'avalue1'"},
    {"CONCAT('a', nobody)", "undefined"},
    {"LENGTH('abc')", "3"},
    {"LENGTH('\\ud83d\\ude00')", "2"},
    {"LOWER('\\u00c9A')", "'\xc3\xa9"
                          "a'"},
    {"UPPER('aZ')", "'AZ'"},
    {"SUBSTRING('abc', 1)", "'bc'"},
    {"SUBSTRING('abc', 3)", "''"},
    {"SUBSTRING('abc', 4)", "undefined"},
    {"SUBSTRING('abc', 1, 1)", "'b'"},
    {"SUBSTRING('abc', 3, 0)", "undefined"},
    {"SUBSTRING('abc', 1, 3)", "undefined"},
    {"INDEX_OF('abc', 'c')", "2"},
    {"INDEX_OF('abc', 'x')", "-1"},
    {"STARTS_WITH(key1, 'val')", "true"},
    {"startswith(key1, 'Val')", "false"},
    {"ENDS_WITH(key1, '1')", "true"},
    {"ENDSWITH(nobody, '1')", "undefined"},
    {"CONTAINS(key1, 'lue')", "true"},
};

INSTANTIATE_TEST_SUITE_P(functions, conditions, testing::ValuesIn(functions));

TEST(condition, errors_say_where) {
    const std::pair<std::string, const char*> rows[] = {
        {"3 < severity", "1:5: a number and text do not go together; AS_NUMBER(..) makes a number of text"},
        {"'a' + 'b'", "1:1: a number is needed here, and this is text"},
        {"key = null", "1:7: text and null do not go together"},
        {"concat('a', null)", "1:13: text is needed here, and this is null"},
        {"not key1", "1:5: a truth value is needed here, and this is text"},
        {"key1 ?? 12", "1:9: text and a number do not go together; AS_NUMBER(..) makes a number of text"},
        {"true AND\n  FOO(1)", "2:3: there is no function 'FOO'"},
        {"ABS()", "1:1: ABS takes another number of arguments"},
        {"ABS(1, 2)", "1:1: ABS takes another number of arguments"},
        {"a == 'b'", "1:4: '=' is not expected here"},
        {"a = 'b", "1:5: the text has no end"},
        {"a = '\\x'", "1:6: a \\ in a text stands before ', \", \\ or u"},
        {"(a = 'b'", "1:9: a ')' is missing at the end"},
        {"a = 'b')", "1:8: ')' is not expected here"},
        {"a =", "1:4: the condition ends too early"},
        {"/* a", "1:1: the comment has no end"},
        {"key IN ['a']", "1:5: 'IN' is not expected here"},
        {"a = 'b' ; c", "1:9: ';' has no meaning here"},
        {"$ = 1", "1:1: a name must follow the $"},
        {"{$messageId = 1", "1:12: a } is missing"},
        {"{$messageId", "1:12: a } is missing"},
    };
    for (const auto& [text, error] : rows) {
        const auto compiled = condition::compile(text);
        ASSERT_FALSE(compiled) << text;
        EXPECT_EQ(to_text(compiled.error()), error) << text;
    }
}

TEST(condition, is_bounded) {
    EXPECT_FALSE(condition::compile(std::string(65, '(') + "true" + std::string(65, ')')));
    EXPECT_TRUE(condition::compile(std::string(30, '(') + "true" + std::string(30, ')')));
    EXPECT_FALSE(condition::compile(std::string(condition_size_max + 1, ' ')));
    std::string sum = "1";
    for (int count = 0; count < 900; ++count)
        sum += " + 1";
    EXPECT_EQ(said(sum), "901");
    for (int count = 0; count < 900; ++count)
        sum += " + 1";
    EXPECT_FALSE(condition::compile(sum));
    std::string not_not;
    for (int count = 0; count < 100; ++count)
        not_not += "NOT ";
    EXPECT_FALSE(condition::compile(not_not + "true"));
}

TEST(condition, bodies_count_when_they_say_that_they_are_json) {
    const auto asked = [](std::string body, std::string type, std::string encoding) {
        return to_text(routed_message(std::move(body), std::move(type), std::move(encoding)).ask("$body.a = 1"));
    };
    EXPECT_EQ(asked(R"({"a":1})", "application/json", "utf-8"), "true");
    EXPECT_EQ(asked(R"({"a":1})", "Application/JSON", "UTF-8"), "true");
    EXPECT_EQ(asked(R"({"a":1})", "application/json;charset=utf-8", ""), "true"); // the seed's own
    EXPECT_EQ(asked(R"({"a":1})", "application/json; charset=\"utf-8\"", ""), "true");
    EXPECT_EQ(asked(std::string("{\0\"\0a\0\"\0:\0"
                                "1\0}\0",
                                14),
                    "application/json", "utf-16"),
              "true");
    EXPECT_EQ(asked(R"({"a":1})", "application/json", ""), "undefined");
    EXPECT_EQ(asked(R"({"a":1})", "text/plain", "utf-8"), "undefined");
    EXPECT_EQ(asked(R"({"a":1})", "application/json", "latin-1"), "undefined");
    EXPECT_EQ(asked(R"([{"a":1}])", "application/json", "utf-8"), "undefined");
    EXPECT_EQ(asked(R"({"a":1)", "application/json", "utf-8"), "undefined");
    EXPECT_EQ(asked("\xff\xfe", "application/json", "utf-8"), "undefined");
}

} // namespace
} // namespace capstan::hub::routing
