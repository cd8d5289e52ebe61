// What an operator may say about routes, and where messages go by it.

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/routing/document.hpp"
#include "hub/routing/enrich.hpp"
#include "hub/routing/message_subject.hpp"
#include "hub/routing/router.hpp"

namespace capstan::hub::routing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

routes sound_routes() {
    routes all;
    all.endpoints = {{.name = "alarms"}, {.name = "archive", .what = endpoint::kind::file, .folder = "/srv/archive"}};
    all.list = {{.name = "hot", .condition = "level = 'hot'", .endpoints = {"alarms", "archive"}},
                {.name = "all_but_cold", .condition = "level <> 'cold'", .endpoints = {"archive"}}};
    return all;
}

TEST(routes, that_are_sound) {
    EXPECT_TRUE(check(sound_routes()));
    EXPECT_TRUE(check(routes()));
    EXPECT_THAT(warnings(sound_routes()), IsEmpty());
}

TEST(routes, that_are_wrong_say_which_and_why) {
    const std::pair<void (*)(routes&), const char*> rows[] = {
        {[](routes& all) { all.list[0].name = "a b"; }, "'a b' is no name for a route"},
        {[](routes& all) { all.list[0].condition = "level = 3"; }, "route 'hot': 1:9: text and a number do not go together"},
        {[](routes& all) { all.list[0].endpoints = {}; }, "route 'hot' names no endpoint"},
        {[](routes& all) { all.list[0].endpoints = {"alarm"}; }, "route 'hot': there is no endpoint 'alarm'"},
        {[](routes& all) { all.list[1].name = "HOT"; }, "there are two routes 'HOT'"},
        {[](routes& all) { all.list.resize(101, all.list[0]); }, "there are more than 100 routes"},
        {[](routes& all) { all.endpoints.resize(11, all.endpoints[0]); }, "there are more than 10 endpoints"},
        {[](routes& all) { all.endpoints[0].name = "Events"; }, "the name 'Events' is taken"},
        {[](routes& all) { all.endpoints[0].name = ".."; }, "'..' is no name for an endpoint"},
        {[](routes& all) { all.endpoints[0].name = "Archive"; }, "there are two endpoints 'archive'"},
        {[](routes& all) { all.endpoints[1].folder = ""; }, "endpoint 'archive': files need a folder"},
        {[](routes& all) { all.endpoints[1].what = endpoint::kind::webhook; }, "endpoint 'archive': a webhook needs a url"},
        {[](routes& all) { all.enrichments = {{.key = "a b", .endpoints = {"alarms"}}}; }, "'a b' is no key for an enrichment"},
        {[](routes& all) { all.enrichments = {{"a", "1", {"alarms"}}, {"A", "2", {"archive", "alarms"}}}; },
         "there are two enrichments 'A' for the endpoint 'alarms'"},
        {[](routes& all) { all.enrichments = {{.key = "a", .endpoints = {"nowhere"}}}; }, "enrichment 'a': there is no endpoint 'nowhere'"},
    };
    for (const auto& [spoil, error] : rows) {
        auto all = sound_routes();
        spoil(all);
        const auto checked = check(all);
        ASSERT_FALSE(checked) << error;
        EXPECT_THAT(checked.error(), HasSubstr(error));
    }
}

TEST(routes, that_starve_the_built_in_endpoint_are_warned_of) {
    auto all = sound_routes();
    all.list[0].condition = "true";
    EXPECT_THAT(warnings(all), ElementsAre(HasSubstr("route 'hot' takes every message, and none goes to the built-in endpoint")));
    all.list[1].endpoints.push_back("events");
    EXPECT_THAT(warnings(all), IsEmpty());
    all = sound_routes();
    all.fallback = false;
    EXPECT_THAT(warnings(all), ElementsAre(HasSubstr("no route leads to the built-in endpoint 'events', and there is no fallback")));
    all = sound_routes();
    all.list[0].enabled = false;
    EXPECT_THAT(warnings(all), ElementsAre(HasSubstr("no route leads to the endpoint 'alarms'")));
}

/// A message with one property, and where it goes.
class routed {
public:
    explicit routed(const char* level) {
        amqp::map properties;
        properties.entries.emplace_back("level", level);
        amqp::message_builder(octets).application_properties(properties).data(std::string_view("x"));
    }
    endpoint_set by(router& all) const {
        const auto message = amqp::message_view::parse(octets).value();
        const sender_stamp sender{};
        return all.choose(message_subject(message, sender, {}));
    }
    bytes octets;
};

TEST(router, goes_each_way_once_and_falls_back) {
    const auto all = sound_routes();
    const auto made = router::make(all, "hub");
    EXPECT_EQ(routed("hot").by(*made), 0b110u);
    EXPECT_EQ(routed("warm").by(*made), 0b100u);
    EXPECT_EQ(routed("cold").by(*made), 0b001u);
    EXPECT_EQ(made->counts().routed, 2u);
    EXPECT_EQ(made->counts().kept_from_built_in, 2u);
    EXPECT_EQ(made->counts().fallback, 1u);
    EXPECT_EQ(made->counts().orphaned, 0u);
}

TEST(router, without_a_fallback_drops_what_takes_no_route) {
    auto all = sound_routes();
    all.fallback = false;
    all.list[0].enabled = false;
    all.list[1].condition = "nobody = 'x'";
    const auto made = router::make(all, "hub");
    EXPECT_EQ(routed("hot").by(*made), 0u);
    EXPECT_EQ(made->counts().orphaned, 1u);
    EXPECT_EQ(made->counts().undefined, 1u);
}

TEST(router, says_once_that_the_built_in_endpoint_starves) {
    const auto all = sound_routes();
    const auto made = router::make(all, "hub");
    EXPECT_FALSE(made->begins_to_starve()) << "nothing has come";
    routed("hot").by(*made);
    routed("cold").by(*made); // by the fallback
    EXPECT_FALSE(made->begins_to_starve());
    routed("hot").by(*made);
    EXPECT_TRUE(made->begins_to_starve());
    routed("hot").by(*made);
    EXPECT_FALSE(made->begins_to_starve()) << "it has been said";
    EXPECT_FALSE(made->begins_to_starve());
    routed("cold").by(*made);
    routed("hot").by(*made);
    EXPECT_FALSE(made->begins_to_starve());
    routed("hot").by(*made);
    EXPECT_TRUE(made->begins_to_starve()) << "again";
}

TEST(router, does_not_look_into_bodies_for_routes_on_properties) {
    auto all = sound_routes();
    all.list[0].condition = "level = 'hot' AND $connectionDeviceId = 'dev1' AND $contentType <> 'x'";
    const auto made = router::make(all, "hub");
    bytes octets;
    amqp::map properties;
    properties.entries.emplace_back("level", "hot");
    amqp::message_properties said;
    said.content_type = "application/json;charset=utf-8";
    amqp::message_builder(octets).properties(said).application_properties(properties).data(std::string_view("{\"a\":1}"));
    const auto message = amqp::message_view::parse(octets).value();
    const sender_stamp sender{.device = "dev1", .module = {}, .generation_id = {}, .auth_method = {}, .model_id = {}};
    const message_subject on_properties(message, sender, {});
    EXPECT_EQ(made->choose(on_properties), 0b110u);
    EXPECT_FALSE(on_properties.has_parsed_body());
    all.list[0].condition = "$body.a = 1";
    const message_subject on_the_body(message, sender, {});
    EXPECT_EQ(router::make(all, "hub")->choose(on_the_body), 0b110u);
    EXPECT_TRUE(on_the_body.has_parsed_body());
}

TEST(router, is_none_where_there_is_nothing_to_route) { EXPECT_EQ(router::make(routes(), "hub"), nullptr); }

TEST(router, adds_what_an_endpoint_is_to_get) {
    auto all = sound_routes();
    all.enrichments = {{"plant", "$iothubname", {"alarms"}}, {"Level", "seen", {"alarms", "events"}}};
    const auto made = router::make(all, "hub7");
    EXPECT_EQ(made->enrichments(0).size(), 1u);
    ASSERT_EQ(made->enrichments(1).size(), 2u);
    EXPECT_EQ(made->enrichments(1)[0].value, "hub7");
    EXPECT_EQ(made->enrichments(2).size(), 0u);
    const routed message("hot");
    bytes enriched;
    enrich(amqp::message_view::parse(message.octets).value(), made->enrichments(1), enriched);
    const auto read = amqp::message_view::parse(enriched).value();
    const auto decoded = amqp::decode_value(read.application_properties().content);
    EXPECT_EQ(amqp::to_text(*decoded), R"({"plant": "hub7", "Level": "seen"})") << "in place of the device's own";
    EXPECT_EQ(amqp::as_text(read.joined_data()), "x");
}

TEST(router, gives_properties_to_messages_without_any) {
    bytes bare;
    amqp::message_properties properties;
    properties.message_id = std::string("m1");
    amqp::message_builder(bare).properties(properties).data(std::string_view("a")).data(std::string_view("b"));
    const property added[] = {{"plant", "seven"}};
    bytes enriched;
    enrich(amqp::message_view::parse(bare).value(), added, enriched);
    const auto read = amqp::message_view::parse(enriched).value();
    EXPECT_EQ(amqp::id_text(amqp::read_properties(read.properties().content)->message_id), "m1");
    EXPECT_EQ(amqp::as_text(read.joined_data()), "ab");
}

std::string document(const std::string& type, const std::string& encoding, const std::string& body) {
    annotation_pairs pairs = stamp_pairs({.device = "dev1", .module = {}, .generation_id = "7", .auth_method = "{}", .model_id = {}});
    bytes message;
    amqp::message_properties properties;
    properties.message_id = std::string("m1");
    properties.content_type = type;
    properties.content_encoding = encoding;
    amqp::map application;
    application.entries.emplace_back("level", "hot");
    amqp::message_builder(message).properties(properties).application_properties(application).data(body);
    const store::event_view event{4, wall_time(std::chrono::milliseconds(1500)), pairs.count, pairs.encoded, {}, message};
    return boost::json::serialize(document_of(event));
}

TEST(document, has_the_fields_of_azures_storage) {
    EXPECT_EQ(document("application/json", "utf-8", R"({"a":1})"),
              R"({"EnqueuedTimeUtc":"1970-01-01T00:00:01.5000000Z","Properties":{"level":"hot"},"SystemProperties":)"
              R"({"connectionDeviceId":"dev1","connectionAuthMethod":"{}","connectionDeviceGenerationId":"7",)"
              R"("iothub-message-source":"Telemetry","messageId":"m1","contentType":"application/json","contentEncoding":"utf-8"},)"
              R"("Body":{"a":1}})");
}

TEST(document, has_bodies_in_base64_that_do_not_say_that_they_are_json) {
    EXPECT_THAT(document("application/json", "", R"({"a":1})"), HasSubstr(R"("Body":"eyJhIjoxfQ==")"));
    EXPECT_THAT(document("text/plain", "utf-8", "x"), HasSubstr(R"("Body":"eA==")"));
    EXPECT_THAT(document("application/json", "utf-8", "{"), HasSubstr(R"("Body":"ew==")"));
    EXPECT_THAT(document("application/json;charset=utf-8", "", "[1]"), HasSubstr(R"("Body":[1])"));
}

TEST(document, has_json_where_a_condition_sees_json) {
    for (const auto* type : {"application/json; charset=utf-8", "Application/JSON;charset=\"utf-8\"", " application/json ; charset=UTF-8"})
        EXPECT_THAT(document(type, "", R"({"a":1})"), HasSubstr(R"("Body":{"a":1})")) << type;
    EXPECT_THAT(document("application/json", "utf-16", std::string("{\0}\0", 4)), HasSubstr(R"("Body":{})"));
    EXPECT_THAT(document("application/json; charset=latin1", "utf-8", R"({"a":1})"), HasSubstr(R"("Body":"eyJ)"));
}

TEST(document, has_to_whom_and_when_the_sender_says) {
    bytes message;
    amqp::message_properties properties;
    properties.to = "/devices/dev1/messages/events";
    properties.creation_time = amqp::timestamp{2500};
    amqp::message_builder(message).properties(properties).data(std::string_view("x"));
    const store::event_view event{4, wall_time(std::chrono::milliseconds(1500)), 0, {}, {}, message};
    EXPECT_THAT(boost::json::serialize(document_of(event)),
                HasSubstr(R"("to":"/devices/dev1/messages/events","creationTime":"1970-01-01T00:00:02.5000000Z")"));
}

} // namespace
} // namespace capstan::hub::routing
