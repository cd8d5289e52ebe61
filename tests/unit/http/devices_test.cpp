// The requests of Azure's service SDKs, in the spirit of contract/traces/node-registry-rest.txt.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/presence.hpp"
#include "unit/http/hub_on_http.hpp"

namespace capstan::http {
namespace {

using test::field;
using test::verb;
using test::version;
namespace json = boost::json;

const std::string by_key = R"("authentication":{"type":"sas","symmetricKey":{"primaryKey":"","secondaryKey":""}})";

struct devices_test : test::hub_on_http {
    static std::string at(const std::string& id) { return "/devices/" + id + version; }
    json::value create(const std::string& id, const std::string& more = by_key) {
        const auto made = ask(verb::put, at(id), R"({"deviceId":")" + id + "\"," + more + "}");
        EXPECT_EQ(verdict(made), "200");
        return json_of(made);
    }
    json::array list(const std::string& query = version) { return json_of(ask(verb::get, "/devices" + query)).as_array(); }
};

TEST_F(devices_test, a_created_device_shows_all_that_clients_read) {
    const auto made = create("dev1").as_object();
    const auto& keys = made.at("authentication").at("symmetricKey");
    EXPECT_EQ(made.at("deviceId"), "dev1");
    EXPECT_EQ(made.at("status"), "enabled");
    EXPECT_EQ(made.at("statusReason"), nullptr);
    EXPECT_EQ(made.at("connectionState"), "Disconnected");
    for (const auto* time : {"connectionStateUpdatedTime", "statusUpdatedTime", "lastActivityTime"})
        EXPECT_EQ(made.at(time), "0001-01-01T00:00:00Z") << time;
    EXPECT_EQ(made.at("cloudToDeviceMessageCount"), 0);
    EXPECT_EQ(made.at("authentication").at("type"), "sas");
    EXPECT_EQ(made.at("authentication").at("x509Thumbprint").at("primaryThumbprint"), nullptr);
    EXPECT_EQ(made.at("capabilities").at("iotEdge"), false);
    EXPECT_FALSE(made.contains("deviceScope"));
    EXPECT_EQ(keys.at("primaryKey").as_string().size(), 44);

    const auto got = ask(verb::get, at("dev1"));
    EXPECT_EQ(json_of(got), json::value(made));
    EXPECT_EQ(got[field::etag], '"' + std::string(made.at("etag").as_string()) + '"');
}

TEST_F(devices_test, conversation_of_a_service) {
    struct row {
        const char* what;
        verb method;
        std::string target, body;
        std::optional<std::string> if_match;
        std::string verdict;
    };
    const std::string any = "\"*\"", odd = "sign-%3A.%2B%25_%23*%3F!()%2C%3D%40%3B%24'", longest(128, 'y'), too_long(129, 'y');
    const row rows[] = {
        {"unknown", verb::get, at("dev1"), {}, {}, "404 DeviceNotFound"},
        {"update of none", verb::put, at("dev1"), R"({"deviceId":"dev1"})", any, "404 DeviceNotFound"},
        {"delete of none", verb::delete_, at("dev1"), {}, any, "404 DeviceNotFound"},
        {"create", verb::put, at("dev1"), R"({"deviceId":"dev1",)" + by_key + "}", {}, "200"},
        {"create again", verb::put, at("dev1"), R"({"deviceId":"dev1"})", {}, "409 DeviceAlreadyExists"},
        {"case counts", verb::get, at("DEV1"), {}, {}, "404 DeviceNotFound"},
        {"another id in the body", verb::put, at("dev2"), R"({"deviceId":"dev2x"})", {}, "400 ArgumentInvalid"},
        {"no JSON", verb::put, at("dev2"), R"({"deviceId": )", {}, "400 IotHubFormatError"},
        {"no body", verb::put, at("dev2"), {}, {}, "400 IotHubFormatError"},
        {"no object", verb::put, at("dev2"), "[]", {}, "400 IotHubFormatError"},
        {"bad UTF-8", verb::put, at("dev2"), "{\"statusReason\":\"\xff\"}", {}, "400 IotHubFormatError"},
        {"bad key", verb::put, at("dev2"), R"({"authentication":{"symmetricKey":{"primaryKey":"!!"}}})", {}, "400 IotHubFormatError"},
        {"bad status", verb::put, at("dev2"), R"({"status":"on"})", {}, "400 ArgumentInvalid"},
        {"bad id", verb::put, at("invalid%2Fname"), R"({"deviceId":"invalid/name"})", {}, "400 ArgumentInvalid"},
        {"bad id", verb::delete_, at("ger%C3%A4t"), {}, any, "400 ArgumentInvalid"},
        {"too long an id", verb::put, at(too_long), "{}", {}, "400 ArgumentInvalid"},
        {"longest id", verb::put, at(longest), "{}", {}, "200"},
        {"odd id", verb::put, at(odd), R"({"deviceId":"sign-:.+%_#*?!(),=@;$'"})", {}, "200"},
        {"odd id", verb::get, at(odd), {}, {}, "200"},
        {"odd id", verb::delete_, at(odd), {}, any, "204"},
        {"forced update", verb::put, at("dev1"), R"({"status":"disabled","statusReason":"test"})", any, "200"},
        {"forced update, bare", verb::put, at("dev1"), "{}", "*", "200"},
        {"stale update", verb::put, at("dev1"), "{}", "\"c3RhbGU=\"", "412 PreconditionFailed"},
        {"empty etag", verb::put, at("dev1"), "{}", "", "412 PreconditionFailed"},
        {"stale delete", verb::delete_, at("dev1"), {}, "\"c3RhbGU=\"", "412 PreconditionFailed"},
        {"purge", verb::delete_, "/devices/dev1/commands" + version, {}, {}, "200"},
        {"purge of none", verb::delete_, "/devices/dev2/commands" + version, {}, {}, "404 DeviceNotFound"},
        {"delete", verb::delete_, at("dev1"), {}, any, "204"},
        {"gone", verb::get, at("dev1"), {}, {}, "404 DeviceNotFound"},
        {"create anew", verb::put, at("dev1"), "{}", {}, "200"},
        {"delete without If-Match", verb::delete_, at("dev1"), {}, {}, "204"},
    };
    for (const auto& each : rows)
        EXPECT_EQ(verdict(ask(each.method, each.target, each.body, each.if_match)), each.verdict) << each.what;
}

TEST_F(devices_test, an_update_by_etag_quoted_or_bare) {
    auto etag = std::string(create("dev1").at("etag").as_string());
    for (const auto* quote : {"\"", ""}) {
        const auto stale = quote + etag + quote;
        const auto changed = ask(verb::put, at("dev1"), R"({"status":"disabled"})", stale);
        EXPECT_EQ(verdict(changed), "200");
        EXPECT_EQ(json_of(changed).at("status"), "disabled");
        EXPECT_EQ(verdict(ask(verb::put, at("dev1"), "{}", stale)), "412 PreconditionFailed");
        etag = json_of(changed).at("etag").as_string();
    }
    EXPECT_EQ(verdict(ask(verb::delete_, at("dev1"), {}, '"' + etag + '"')), "204");
}

TEST_F(devices_test, an_answer_of_the_hub_can_be_sent_back) {
    auto shown = create("dev1").as_object();
    shown["statusReason"] = "sent back";
    const auto changed = json_of(ask(verb::put, at("dev1"), json::serialize(shown), "\"*\"")).as_object();
    EXPECT_EQ(changed.at("statusReason"), "sent back");
    EXPECT_EQ(changed.at("authentication"), shown.at("authentication"));
    EXPECT_EQ(changed.at("generationId"), shown.at("generationId"));
    EXPECT_NE(changed.at("etag"), shown.at("etag"));
}

TEST_F(devices_test, connection_state) {
    create("dev1");
    instance->presence().link_opened("dev1", {}, clock.now());
    const auto shown = json_of(ask(verb::get, at("dev1")));
    EXPECT_EQ(shown.at("connectionState"), "Connected");
    EXPECT_EQ(shown.at("lastActivityTime"), "2023-11-14T22:13:20.0000000Z");
    EXPECT_EQ(json_of(ask(verb::get, "/statistics/service" + version)), json::parse(R"({"connectedDeviceCount":1})"));
}

TEST_F(devices_test, list_and_statistics) {
    EXPECT_EQ(list().size(), 0);
    for (const auto* id : {"a", "b", "c"})
        create(id);
    EXPECT_EQ(verdict(ask(verb::put, at("c"), R"({"status":"disabled"})", "*")), "200");
    EXPECT_EQ(list("/" + version).size(), 3) << "a slash at the end";
    EXPECT_EQ(list("?top=2&api-version=2021-04-12").size(), 2);
    EXPECT_EQ(list("/?top=1&api-version=2021-04-12").at(0).at("deviceId"), "a");
    EXPECT_EQ(list("?after=a&top=1&api-version=2021-04-12").at(0).at("deviceId"), "b");
    EXPECT_TRUE(list("?after=zzz&api-version=2021-04-12").empty());
    for (const auto* top : {"0", "1001", "-1", "many", ""})
        EXPECT_EQ(list(std::string("?top=") + top + "&api-version=2021-04-12").size(), 3) << "counts as 1000: " << top;
    EXPECT_EQ(json_of(ask(verb::get, "/statistics/devices" + version)),
              json::parse(R"({"totalDeviceCount":3,"enabledDeviceCount":2,"disabledDeviceCount":1})"));
}

TEST_F(devices_test, purge_says_how_many) {
    create("dev1");
    EXPECT_EQ(json_of(ask(verb::delete_, "/devices/dev1/commands" + version)),
              json::parse(R"({"totalMessagesPurged":0,"deviceId":"dev1","moduleId":null})"));
}

} // namespace
} // namespace capstan::http
