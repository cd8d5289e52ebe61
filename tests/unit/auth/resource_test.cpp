#include "auth/resource.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace capstan::auth {
namespace {

using testing::ElementsAre;

std::vector<std::string> first_readings(const resource& value) {
    std::vector<std::string> texts;
    for (const segment& one : value.path)
        texts.push_back(one.readings.front());
    return texts;
}

TEST(parse_scope, takes_the_forms_of_every_sdk) {
    struct row {
        const char *text, *scheme, *host, *port;
        std::vector<std::string> path;
    };
    const row rows[] = {
        {"hub.example.net", "", "hub.example.net", "", {}},
        {"HUB.example.net%2Fdevices%2Fdev1", "", "HUB.example.net", "", {"devices", "dev1"}},
        {"hub.example.net/devices/dev1/", "", "hub.example.net", "", {"devices", "dev1"}},
        {"hub.example.net%2fdevices%2fa%2523b", "", "hub.example.net", "", {"devices", "a#b"}},
        {"amqps://hub.example.net:5671/", "amqps", "hub.example.net", "5671", {}},
        {"amqps%3A%2F%2Fhub.example.net%3A5671%2F", "amqps", "hub.example.net", "5671", {}},
        {"https%3a%2f%2fhub.example.net", "https", "hub.example.net", "", {}},
        {"sb%3A//hub.example.net%3A5671/eh", "sb", "hub.example.net", "5671", {"eh"}},
        {"sb://127.0.0.1:15671/eh/ConsumerGroups/$Default/Partitions/0",
         "sb",
         "127.0.0.1",
         "15671",
         {"eh", "ConsumerGroups", "$Default", "Partitions", "0"}},
        {"[::1]:5671/devices", "", "::1", "5671", {"devices"}},
        {"[::1]", "", "::1", "", {}},
        {"::1/devices", "", "::1", "", {"devices"}},
        {"", "", "", "", {}},
        {"/", "", "", "", {}},
    };
    for (const row& one : rows) {
        const resource parsed = parse_scope(one.text);
        EXPECT_EQ(parsed.scheme, one.scheme) << one.text;
        EXPECT_EQ(parsed.host, one.host) << one.text;
        EXPECT_EQ(parsed.port, one.port) << one.text;
        EXPECT_EQ(first_readings(parsed), one.path) << one.text;
    }
}

TEST(parse_address, has_a_host_only_after_a_scheme) {
    struct row {
        const char *text, *host;
        std::vector<std::string> path;
    };
    const row rows[] = {
        {"/devices/dev1/messages/events", "", {"devices", "dev1", "messages", "events"}},
        {"messages/events/", "", {"messages", "events"}},
        {"$cbs", "", {"$cbs"}},
        {"amqps://hub.example.net:5671/devices/dev1", "hub.example.net", {"devices", "dev1"}},
        {"amqps://hub.example.net/messages/devicebound", "hub.example.net", {"messages", "devicebound"}},
        {"/devices/a:b@c//x", "", {"devices", "a:b@c", "x"}},
        {"//devices/dev1", "", {"devices", "dev1"}},
    };
    for (const row& one : rows) {
        const resource parsed = parse_address(one.text);
        EXPECT_EQ(parsed.host, one.host) << one.text;
        EXPECT_EQ(first_readings(parsed), one.path) << one.text;
    }
}

TEST(parse_address, bounds_the_number_of_segments) {
    std::string text;
    for (int i = 0; i < 100; ++i)
        text += "/a";
    const resource parsed = parse_address(text);
    EXPECT_EQ(parsed.path.size(), max_path_segments);
    EXPECT_TRUE(parsed.path.back().readings.front().starts_with("a/a/"));
}

TEST(segment, reads_an_id_as_it_is_and_decoded_once_and_twice) {
    EXPECT_THAT(make_segment("plain").readings, ElementsAre("plain"));
    EXPECT_THAT(make_segment("a%23b").readings, ElementsAre("a#b", "a%23b"));
    EXPECT_THAT(make_segment("a%2523b").readings, ElementsAre("a%23b", "a%2523b", "a#b"));
    EXPECT_TRUE(make_segment("a%2523b").names("a#b"));
    EXPECT_FALSE(make_segment("dev1").names("Dev1"));
    EXPECT_TRUE(make_segment("serviceBound").is("servicebound"));
}

TEST(identity_of, finds_device_and_module) {
    const auto device = identity_of(parse_scope("hub%2Fdevices%2FDev1"));
    ASSERT_TRUE(device);
    EXPECT_TRUE(device->device.names("Dev1"));
    EXPECT_FALSE(device->module);
    const auto module = identity_of(parse_scope("hub/Devices/d/Modules/m"));
    ASSERT_TRUE(module && module->module);
    EXPECT_TRUE(module->module->names("m"));
    for (const char* none : {"hub", "hub/devices", "hub/devices/", "hub/messages/events", "hub/x/devices/d"})
        EXPECT_FALSE(identity_of(parse_scope(none))) << none;
}

TEST(covers, by_whole_segments) {
    struct row {
        const char *scope, *path;
        bool covered;
    };
    const row rows[] = {
        {"hub.example.net", "/devices/d1/messages/events", true},
        {"amqps://HUB.example.net:5671/", "/messages/devicebound", true},
        {"hub.example.net/devices", "/devices/d1/messages/events", true},
        {"hub.example.net/devices", "/messages/events", false},
        {"hub.example.net%2Fdevices%2Fd1", "/devices/d1/messages/events", true},
        {"hub.example.net%2Fdevices%2Fd1", "/devices/d1", true},
        {"hub.example.net%2Fdevices%2Fd1", "/devices/d10", false},
        {"hub.example.net%2Fdevices%2Fd1", "/devices/D1", false},
        {"hub.example.net%2Fdevices%2Fd1", "/devices", false},
        {"hub.example.net%2Fdevices%2Fd1", "/", false},
        {"hub.example.net%2FDEVICES%2Fd1", "/devices/d1/messages/events", true},
        {"hub.example.net%2Fdevices%2Fd1", "/devices/d1/modules/m1", true},
        {"hub.example.net%2Fdevices%2Fd1%2Fmodules%2Fm1", "/devices/d1/modules/M1/messages/events", false},
        {"hub.example.net%2fdevices%2fa%2523b", "/devices/a#b/messages/events", true},
        {"hub.example.net/devices/100%", "/devices/100%/messages/events", true},
        {"hub.example.net/messages/events", "/messages/events/ConsumerGroups/$Default/Partitions/0", true},
        {"hub.example.net/Messages/Events/", "/messages/events", true},
        {"hub.example.net/messages/events/$management", "/messages/events/ConsumerGroups/x/Partitions/0", false},
        {"localhost/devices/d1", "/devices/d1", true},
        {"127.0.0.1:8443/devices/d1", "/devices/d1", true},
        {"[::1]:8443/devices/d1", "/devices/d1", true},
        {"other.example.net/devices/d1", "/devices/d1", false},
        {"hub", "/devices/d1", false},
        {"", "/devices/d1", false},
    };
    const host_names hosts({"hub.example.net"});
    for (const row& one : rows)
        EXPECT_EQ(covers(parse_scope(one.scope), one.path, hosts), one.covered) << one.scope << " over " << one.path;
}

TEST(covers_entity, ignores_the_host_and_every_case) {
    const char* partition = "/telemetry/ConsumerGroups/$Default/Partitions/0";
    for (const char* scope : {"sb://elsewhere.servicebus.windows.net/", "sb%3A%2F%2Felsewhere%3A5671%2Ftelemetry",
                              "amqps://h:1/Telemetry/consumergroups/$default", "sb://h/telemetry/ConsumerGroups/%24Default/Partitions/0"})
        EXPECT_TRUE(covers_entity(parse_scope(scope), partition)) << scope;
    for (const char* scope :
         {"sb://h/other", "sb://h/telemetry/ConsumerGroups/$Default/Partitions/1", "sb://h/tele", "hub/messages/events"})
        EXPECT_FALSE(covers_entity(parse_scope(scope), partition)) << scope;
}

TEST(host_names, knows_the_hub_by_its_first_label) {
    const host_names hosts({"Hub.example.net", "factory"});
    for (const char* name : {"hub", "HUB.EXAMPLE.NET", "factory", "localhost", "127"})
        EXPECT_TRUE(hosts.contains_hub(name)) << name;
    for (const char* name : {"", "hu", "example", "hub.example"})
        EXPECT_FALSE(hosts.contains_hub(name)) << name;
    EXPECT_TRUE(hosts.contains("hub.example.net"));
    EXPECT_FALSE(hosts.contains("hub"));
}

} // namespace
} // namespace capstan::auth
