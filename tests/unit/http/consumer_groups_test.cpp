#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/http/hub_on_http.hpp"

namespace capstan::http {
namespace {

using test::verb;
using test::version;

struct consumer_groups_test : test::hub_on_http {
    std::string list() { return boost::json::serialize(json_of(ask(verb::get, "/consumerGroups" + version))); }
    std::string change(verb how, const std::string& name) { return verdict(ask(how, "/consumerGroups/" + name + version)); }
};

TEST_F(consumer_groups_test, are_made_listed_and_removed) {
    EXPECT_EQ(list(), R"([{"name":"$Default"}])");
    EXPECT_EQ(change(verb::put, "alarms"), "200");
    EXPECT_EQ(change(verb::put, "Alarms"), "409 ConsumerGroupAlreadyExists");
    EXPECT_EQ(list(), R"([{"name":"$Default"},{"name":"alarms"}])");
    EXPECT_EQ(change(verb::delete_, "alarms"), "204");
    EXPECT_EQ(change(verb::delete_, "alarms"), "404 ConsumerGroupNotFound");
    EXPECT_EQ(change(verb::delete_, "$Default"), "400 ArgumentInvalid");
    EXPECT_EQ(change(verb::put, "a%20b"), "400 ArgumentInvalid");
    for (int i = 0; i < 19; ++i)
        EXPECT_EQ(change(verb::put, "g" + std::to_string(i)), "200");
    EXPECT_EQ(change(verb::put, "more"), "403 IotHubQuotaExceeded");
    const auto of = [](const std::string& name) { return version + "&eventhub=" + name; };
    EXPECT_EQ(json_of(ask(verb::get, "/consumerGroups" + of("hub"))).as_array().size(), 20u) << "the built-in one by its name";
    EXPECT_EQ(verdict(ask(verb::get, "/consumerGroups" + of("nothing"))), "404 GenericNotFound");
    EXPECT_EQ(verdict(ask(verb::put, "/consumerGroups/x" + of("nothing"))), "404 GenericNotFound");
    EXPECT_EQ(verdict(ask(request(verb::put, "/consumerGroups/x" + version, {}, {}, token("service")))), "401 IotHubUnauthorizedAccess");
}

} // namespace
} // namespace capstan::http
