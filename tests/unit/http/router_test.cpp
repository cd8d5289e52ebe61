#include "http/router.hpp"

#include <cstring>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/http/hub_on_http.hpp"

namespace capstan::http {
namespace {

using testing::ElementsAre;
using testing::Pair;

request parsed(std::string_view target) {
    request result;
    parse_target(target, result);
    return result;
}

TEST(parse_target_test, segments_are_decoded_once) {
    EXPECT_THAT(parsed("/devices/dev1").path, ElementsAre("devices", "dev1"));
    EXPECT_THAT(parsed("/devices/a%23b%2Fc").path, ElementsAre("devices", "a#b/c"));
    EXPECT_THAT(parsed("/devices/a%2523").path, ElementsAre("devices", "a%23"));
    EXPECT_THAT(parsed("/devices/a+b%").path, ElementsAre("devices", "a+b%"));
}

TEST(parse_target_test, slashes_at_the_end_do_not_count) {
    EXPECT_THAT(parsed("/devices/?top=2").path, ElementsAre("devices"));
    EXPECT_THAT(parsed("/").path, ElementsAre());
    EXPECT_THAT(parsed("").path, ElementsAre());
}

TEST(parse_target_test, query) {
    const auto asked = parsed("/d?top=2&api-version=2021-04-12&reject&x=a%26b=c&=&");
    EXPECT_THAT(asked.query,
                ElementsAre(Pair("top", "2"), Pair("api-version", "2021-04-12"), Pair("reject", ""), Pair("x", "a&b=c"), Pair("", "")));
    EXPECT_EQ(asked.parameter("top"), "2");
    EXPECT_EQ(asked.parameter("reject"), "");
    EXPECT_EQ(asked.parameter("Top"), std::nullopt);
}

struct router_test : test::hub_on_http {
    std::string verdict_of(test::verb method, const std::string& target) { return verdict(ask(method, target)); }
};

TEST_F(router_test, fixed_words_have_no_case_and_slashes_at_the_end_do_not_count) {
    for (const auto* path : {"/devices", "/devices/", "/Devices", "/DEVICES//"})
        EXPECT_EQ(verdict_of(test::verb::get, path + std::string("?api-version=2021-04-12")), "200") << path;
    EXPECT_EQ(verdict_of(test::verb::get, "/Statistics/Devices/?api-version=2021-04-12"), "200");
}

TEST_F(router_test, api_versions) {
    for (const auto* version : {"2016-11-14", "2018-06-30", "2020-05-31-preview", "2021-04-12", "2024-03-31"})
        EXPECT_EQ(verdict_of(test::verb::get, std::string("/devices?api-version=") + version), "200") << version;
    for (const auto* query :
         {"", "?api-version=", "?api-version=latest", "?api-version=2021-4-12", "?api-version=2021-04-12-beta", "?API-Version=2021-04-12"})
        EXPECT_EQ(verdict_of(test::verb::get, std::string("/devices") + query), "400 InvalidProtocolVersion") << query;
}

TEST_F(router_test, paths_and_methods_that_there_are_not) {
    for (const auto* path : {"/", "/nosuchthing", "/devices/dev1/nothing", "/devices/dev1/commands/more"})
        EXPECT_EQ(verdict_of(test::verb::get, path + std::string("?api-version=2021-04-12")), "404 GenericNotFound") << path;
    const auto answer = ask(test::verb::patch, "/devices/dev1?api-version=2021-04-12");
    EXPECT_EQ(verdict(answer), "405 GenericMethodNotAllowed");
    EXPECT_EQ(answer[test::field::allow], "GET, PUT, DELETE");
}

using policies_of = std::set<std::string>;

/// Which policies may ask for what: contract/rest.md; contract/semantics.md, section 5.
std::map<std::string, policies_of> policies_by_path() {
    const policies_of readers{"iothubowner", "registryRead", "registryReadWrite"}, writers{"iothubowner", "registryReadWrite"},
        services{"iothubowner", "service"}, devices{"iothubowner", "device"}, all{"open"};
    return {
        {"GET /devices", readers},
        {"POST /devices", writers},
        {"POST /devices/query", services},
        {"GET /devices/{id}", readers},
        {"PUT /devices/{id}", writers},
        {"DELETE /devices/{id}", writers},
        {"DELETE /devices/{id}/commands", services},
        {"GET /devices/{id}/commands", services},
        {"GET /devices/{id}/deadletters", services},
        {"DELETE /devices/{id}/deadletters", services},
        {"DELETE /devices/{id}/deadletters/{number}", services},
        {"POST /devices/{id}/deadletters/{number}/requeue", services},
        {"DELETE /devices/{id}/modules/{module}/commands", services},
        {"GET /devices/{id}/modules/{module}/commands", services},
        {"GET /devices/{id}/modules/{module}/deadletters", services},
        {"DELETE /devices/{id}/modules/{module}/deadletters", services},
        {"DELETE /devices/{id}/modules/{module}/deadletters/{number}", services},
        {"POST /devices/{id}/modules/{module}/deadletters/{number}/requeue", services},
        {"POST /devices/{id}/messages/devicebound", services},
        {"POST /devices/{id}/modules/{module}/messages/devicebound", services},
        {"GET /devices/{id}/modules/{module}/messages/devicebound", devices},
        {"DELETE /devices/{id}/modules/{module}/messages/devicebound/{lock}", devices},
        {"POST /devices/{id}/modules/{module}/messages/devicebound/{lock}/abandon", devices},
        {"GET /messages/servicebound/feedback", services},
        {"DELETE /messages/servicebound/feedback/{lock}", services},
        {"POST /messages/servicebound/feedback/{lock}/abandon", services},
        {"GET /certificates", readers},
        {"GET /certificates/{name}", readers},
        {"PUT /certificates/{name}", writers},
        {"DELETE /certificates/{name}", writers},
        {"POST /certificates/{name}/generateverificationcode", writers},
        {"POST /certificates/{name}/verify", writers},
        {"GET /devices/{id}/messages/devicebound", devices},
        {"DELETE /devices/{id}/messages/devicebound/{lock}", devices},
        {"POST /devices/{id}/messages/devicebound/{lock}/abandon", devices},
        {"POST /devices/{id}/messages/events", devices},
        {"POST /devices/{id}/modules/{module}/messages/events", devices},
        {"GET /devices/{id}/modules", readers},
        {"GET /devices/{id}/modules/{module}", readers},
        {"PUT /devices/{id}/modules/{module}", writers},
        {"DELETE /devices/{id}/modules/{module}", writers},
        {"GET /consumergroups", readers},
        {"PUT /consumergroups/{name}", writers},
        {"DELETE /consumergroups/{name}", writers},
        {"POST /jobs/create", writers},
        {"GET /jobs", writers},
        {"GET /jobs/{job}", writers},
        {"DELETE /jobs/{job}", writers},
        {"GET /statistics/devices", readers},
        {"GET /statistics/service", readers},
        {"GET /statistics/routing", readers},
        {"GET /metrics", readers},
        {"GET /livez", all},
        {"GET /readyz", all},
        {"GET /health", all},
        {"GET /healthz", all},
    };
}

/// A row of the router's table that is not in that list fails the test.
TEST_F(router_test, each_resource_asks_for_its_right) {
    auto expected = policies_by_path();
    ASSERT_EQ(verdict(ask(test::verb::put, "/devices/dev1" + test::version, "{}")), "200");
    ASSERT_EQ(verdict(ask(test::verb::put, "/devices/dev1/modules/m" + test::version, "{}")), "200");
    for (const auto& [method, pattern] : known_paths()) {
        const auto name = std::string(to_string(method)) + ' ' + std::string(pattern);
        ASSERT_TRUE(expected.contains(name)) << name << " is in the router's table, and its right is not tested";
        const auto allowed = expected.extract(name).mapped();
        auto path = std::string(pattern);
        for (const auto& [from, to] :
             {std::pair("{id}", "dev1"), {"{module}", "m"}, {"{number}", "1"}, {"{lock}", "x"}, {"{name}", "$"}, {"{job}", "x"}})
            if (const auto at = path.find(from); at != path.npos)
                path.replace(at, std::strlen(from), to);
        for (const auto& policy : policies.all()) {
            // Never a body that does something, nor an etag that fits: who may remove the device does not.
            const auto answer = ask(request(method, path + "?api-version=2021-04-12", "!", "never", token(policy.name)));
            EXPECT_EQ(answer.result() != status::unauthorized, allowed.contains("open") || allowed.contains(policy.name))
                << name << ' ' << policy.name;
        }
        EXPECT_EQ(ask(request(method, path + "?api-version=2021-04-12", "!", "never", "")).result() != status::unauthorized,
                  allowed.contains("open"))
            << name << " without a token";
    }
    EXPECT_TRUE(expected.empty()) << expected.begin()->first << " is not in the router's table";
}

TEST_F(router_test, metrics_need_no_api_version) {
    const auto answer = ask(request(test::verb::get, "/metrics", {}, {}, token("registryRead")));
    EXPECT_EQ(answer.result(), status::ok);
    EXPECT_EQ(answer[test::field::content_type], "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_THAT(answer.body(), testing::HasSubstr("# TYPE capstan_devices gauge\ncapstan_devices{status=\"enabled\"} 0\n"));
    EXPECT_THAT(answer.body(), testing::HasSubstr("\ncapstan_events_total{event_hub=\"hub\"} 0\n"));
    EXPECT_THAT(answer.body(), testing::HasSubstr("\ncapstan_store_writable 1\n"));
}

TEST_F(router_test, what_is_wrong_with_a_token_is_not_told) {
    const auto target = "/devices/dev1?api-version=2021-04-12";
    const auto expired =
        auth::make_sas_token("hub.local", policies.find("iothubowner")->primary_key, "iothubowner", clock.now() - std::chrono::minutes(6));
    const auto forged = auth::make_sas_token("hub.local", policies.find("device")->primary_key, "iothubowner", clock.now());
    const auto unknown = auth::make_sas_token("hub.local", policies.find("device")->primary_key, "nosuchpolicy", clock.now());
    const auto of_a_device = auth::make_sas_token("hub.local/devices/dev1", policies.find("device")->primary_key, "", clock.now());
    for (const auto& bad : {std::string(), std::string("Basic x"), expired, forged, unknown, of_a_device,
                            token("iothubowner", "else.where"), token("service")}) {
        const auto answer = ask(request(test::verb::get, target, {}, std::nullopt, bad));
        EXPECT_EQ(verdict(answer), "401 IotHubUnauthorizedAccess") << bad;
        EXPECT_EQ(json_of(answer).at("Message").as_string(), "ErrorCode:IotHubUnauthorizedAccess;Unauthorized");
    }
    const auto late =
        auth::make_sas_token("hub.local", policies.find("iothubowner")->primary_key, "iothubowner", clock.now() - std::chrono::minutes(4));
    EXPECT_EQ(verdict(ask(request(test::verb::get, target, {}, std::nullopt, late))), "404 DeviceNotFound");
}

TEST_F(router_test, a_narrow_token_reaches_its_device) {
    const auto narrow = token("iothubowner", "hub.local/devices/dev1");
    const auto at = [&](const std::string& path) {
        return verdict(ask(request(test::verb::get, path + "?api-version=2021-04-12", {}, std::nullopt, narrow)));
    };
    EXPECT_EQ(at("/devices/dev1"), "404 DeviceNotFound");
    EXPECT_EQ(at("/devices/dev2"), "401 IotHubUnauthorizedAccess");
    EXPECT_EQ(at("/devices"), "401 IotHubUnauthorizedAccess");
}

TEST_F(router_test, illegal_ids) {
    for (const auto* id : {"invalid%2Fname", "invalid%20name", "ger%C3%A4t", "%FF"})
        EXPECT_EQ(verdict_of(test::verb::get, std::string("/devices/") + id + "?api-version=2021-04-12"), "400 ArgumentInvalid") << id;
}

hub::settings limited() {
    hub::settings rules;
    rules.throttling = hub::throttle_tier::s1;
    return rules;
}

struct throttled_router_test : test::hub_on_http {
    throttled_router_test() : hub_on_http({}, {}, limited()) {}
    /// After this a request is refused.
    void use_up(hub::operation what) {
        while (instance->throttle()->take(what, clock.now())) {}
    }
};

TEST_F(throttled_router_test, each_resource_counts_as_what_it_is) {
    struct row {
        test::verb method;
        std::string path, body;
        hub::operation counted;
    };
    using kind = hub::operation;
    const row rows[] = {
        {test::verb::get, "/devices", {}, kind::registry},
        {test::verb::put, "/devices/dev1", "{}", kind::registry},
        {test::verb::get, "/devices/dev1/modules/m", {}, kind::registry},
        {test::verb::post, "/devices/query", R"({"query":"SELECT * FROM devices"})", kind::query},
        {test::verb::get, "/devices/dev1/messages/devicebound", {}, kind::command_receive},
        {test::verb::post, "/devices/dev1/messages/events", "{}", kind::telemetry},
    };
    EXPECT_EQ(verdict(ask(test::verb::put, "/devices/dev1" + test::version, "{}")), "200");
    for (const auto& [method, path, body, counted] : rows) {
        EXPECT_THAT(verdict(ask(method, path + test::version, body)), testing::Not(testing::StartsWith("429"))) << path;
        use_up(counted);
        const auto refused = ask(method, path + test::version, body);
        EXPECT_EQ(verdict(refused), "429 ThrottlingException") << path;
        EXPECT_EQ(refused["Retry-After"], "10");
        EXPECT_EQ(verdict(ask(test::verb::delete_, "/devices/dev1/commands" + test::version)), "200") << "others go on";
        clock.advance(std::chrono::minutes(2));
    }
}

TEST_F(throttled_router_test, a_bulk_call_counts_all_its_entries) {
    ASSERT_TRUE(instance->throttle()->take(hub::operation::registry, clock.now(), 97));
    EXPECT_EQ(verdict(ask(test::verb::post, "/devices" + test::version, R"([{"id":"a"},{"id":"b"},{"id":"c"}])")), "200");
    EXPECT_EQ(instance->throttle()->take(hub::operation::registry, clock.now()), std::chrono::milliseconds(600));
}

} // namespace
} // namespace capstan::http
