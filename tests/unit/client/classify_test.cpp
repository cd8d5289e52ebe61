#include "client/classify.hpp"

#include <gtest/gtest.h>

namespace capstan::client {
namespace {

struct row {
    std::string_view condition;
    errc code;
    failure_kind kind;
};
const row rows[] = {
    {"", errc::hub_unavailable, failure_kind::transient},
    {"amqp:connection:forced", errc::hub_unavailable, failure_kind::transient},
    {"amqp:link:detach-forced", errc::hub_unavailable, failure_kind::transient},
    {"amqp:internal-error", errc::hub_unavailable, failure_kind::transient},
    {"somebody:else's", errc::hub_unavailable, failure_kind::transient},
    {"amqp:unauthorized-access", errc::unauthorized, failure_kind::credentials},
    {"amqp:resource-limit-exceeded", errc::quota_exceeded, failure_kind::limit},
    {"com.microsoft:device-container-throttled", errc::throttled, failure_kind::limit},
    {"amqp:link:message-size-exceeded", errc::message_too_large, failure_kind::message},
    {"amqp:not-found", errc::not_found, failure_kind::message},
    {"com.microsoft:argument-error", errc::message_refused, failure_kind::message},
    {"com.microsoft:message-lock-lost", errc::lock_lost, failure_kind::message},
    {"amqp:link:stolen", errc::stolen, failure_kind::closed},
};

TEST(classify, conditions) {
    for (const auto& row : rows) {
        const auto error = classify(amqp::error(row.condition, "words"));
        EXPECT_EQ(error.reason(), row.code) << row.condition;
        EXPECT_TRUE(error.code() == row.kind) << row.condition;
        EXPECT_EQ(error.condition(), row.condition);
    }
}

/// As a hub wrote it: contract/iothub-amqp.md, section 5.5.
TEST(classify, words_are_taken_out_of_json) {
    const auto error =
        classify(amqp::error("amqp:not-found", R"({"errorCode":404006,"trackingId":"4c-G:2","message":"The link address did not match.",)"
                                               R"("timestampUtc":"2017-08-17T10:48:44.5309043Z"})"));
    EXPECT_EQ(error.description(), "The link address did not match.");
    EXPECT_STREQ(error.what(), "not found: The link address did not match. (amqp:not-found)");
    for (const auto* text : {"{", "{}", "[1]", "plain", R"({"message":1})"})
        EXPECT_EQ(classify(amqp::error("amqp:not-found", text)).description(), text);
}

TEST(classify, statuses) {
    const std::pair<int, errc> statuses[] = {{400, errc::message_refused}, {401, errc::unauthorized},        {404, errc::not_found},
                                             {409, errc::already_exists},  {412, errc::precondition_failed}, {413, errc::message_too_large},
                                             {429, errc::throttled},       {500, errc::hub_unavailable},     {503, errc::hub_unavailable}};
    for (const auto& [status, code] : statuses)
        EXPECT_EQ(classify_status(status, "").reason(), code) << status;
}

TEST(failure_of, any_exception) {
    EXPECT_EQ(failure_of(std::make_exception_ptr(client_error(errc::timed_out))).reason(), errc::timed_out);
    const auto other = failure_of(std::make_exception_ptr(std::runtime_error("of the application")));
    EXPECT_EQ(other.kind(), failure_kind::usage);
    EXPECT_EQ(other.description(), "of the application");
    EXPECT_EQ(failure_of(std::make_exception_ptr(7)).kind(), failure_kind::usage);
}

} // namespace
} // namespace capstan::client
