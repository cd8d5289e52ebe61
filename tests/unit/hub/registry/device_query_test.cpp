// Queries over devices: what SDKs and tools ask (contract/rest.md, section 5).

#include "hub/registry/device_query.hpp"

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/registry/device_json.hpp"

namespace capstan::hub {
namespace {

boost::json::object pump() {
    store::device device;
    device.id = "pump-1";
    device.etag = "AAAAAAAAAAc=";
    device.edge = true;
    device.status_reason = "new";
    live_state live;
    live.connected = true;
    live.last_activity = wall_time(std::chrono::milliseconds(1'700'000'000'000));
    return device_twin_json(device, live);
}

bool found_by(std::string_view where) {
    const auto query = device_query::parse("SELECT * FROM devices WHERE " + std::string(where));
    EXPECT_TRUE(query) << where << ": " << (query ? "" : query.error());
    return query && query->holds(pump());
}

TEST(device_query, finds_what_tools_ask_for) {
    for (const char* where : {"deviceId = 'pump-1'",
                              "devices.deviceId = 'pump-1'",
                              "deviceId in ['x', 'pump-1']",
                              "deviceId NIN ['x']",
                              "deviceId != 'x'",
                              "deviceId!='x'",
                              "deviceId<>'x'",
                              "deviceId IN['x','pump-1']",
                              "devices.[[deviceId]]='pump-1'",
                              "properties.desired.['$version']+1=2",
                              "properties.desired.[[$version]]-1=0",
                              "1.5e-1>-3",
                              "status>='e'",
                              "tags.[[a-b c]] = null",
                              "NOT IS_DEFINED(tags.a[0])",
                              "STARTSWITH(devices.deviceId, 'pump')",
                              "status='enabled'",
                              "capabilities.iotEdge=true",
                              "connectionState = 'Connected'",
                              "lastActivityTime > '2020-01-01T00:00:00Z'",
                              "status = 'enabled' AND (connectionState = 'Disconnected' OR capabilities.iotEdge = true)",
                              "NOT IS_DEFINED(tags.building)",
                              "tags.building = null",
                              "properties.desired.$version = 1"})
        EXPECT_TRUE(found_by(where)) << where;
    for (const char* where : {"deviceId = 'pump'", "deviceId in []", "status='disabled'", "tags.building = '43'",
                              "IS_DEFINED(tags.building)", "lastActivityTime < '2020-01-01T00:00:00Z'", "properties = 1"})
        EXPECT_FALSE(found_by(where)) << where;
}

TEST(device_query, gives_what_was_selected) {
    const auto all = device_query::parse("select * from devices").value();
    EXPECT_TRUE(all.whole());
    EXPECT_EQ(all.result(pump()), pump());
    const auto some =
        device_query::parse("SELECT TOP 5 deviceId AS DeviceId, status, capabilities.iotEdge as IotEdge, tags.none FROM devices").value();
    EXPECT_FALSE(some.whole());
    EXPECT_EQ(some.top(), 5u);
    EXPECT_EQ(boost::json::serialize(some.result(pump())), R"({"DeviceId":"pump-1","status":"enabled","IotEdge":true})");
    const auto count = device_query::parse("SELECT COUNT() AS numberOfDevices FROM devices.modules\n WHERE moduleId = 'a'").value();
    EXPECT_TRUE(count.counts() && count.of_modules() && count.conditional());
    EXPECT_EQ(boost::json::serialize(count.count_result(3)), R"({"numberOfDevices":3})");
    EXPECT_TRUE(device_query::parse("SELECT COUNT(*) FROM devices")->counts());
}

TEST(device_query, says_what_is_wrong) {
    const std::pair<const char*, const char*> rows[] = {
        {"", "a query begins with SELECT"},
        {"SELECT *", "FROM is missing"},
        {"SELECT TOP x * FROM devices", "a number must follow TOP"},
        {"SELECT * FROM devices.jobs", "'devices.jobs' cannot be queried"},
        {"SELECT * FROM devices GROUP BY status", "'GROUP' is not supported"},
        {"SELECT SUM(x) FROM devices", "'SUM(x)' cannot be selected"},
        {"SELECT deviceId name FROM devices", "'deviceId name' is not understood"},
        {"SELECT * FROM devices WHERE deviceId =", "WHERE: 1:12: the condition ends too early"},
        {"SELECT * FROM devices WHERE tags.[[a", "WHERE: 1:2: a ]] is missing"},
        {"SELECT * FROM devices WHERE 12x = 3", "WHERE: 1:2: '12x' is no number"},
        {"SELECT * FROM devices WHERE deviceId ! 'x'", "WHERE: 1:11: '!' has no meaning here"},
        {"SELECT * FROM devices WHERE deviceId == 'x'", "WHERE: 1:12: '=' is not expected here"},
    };
    for (const auto& [text, error] : rows) {
        const auto query = device_query::parse(text);
        ASSERT_FALSE(query) << text;
        EXPECT_THAT(query.error(), testing::StartsWith(error)) << text;
    }
    EXPECT_FALSE(device_query::parse("SELECT * FROM devices WHERE " + std::string(device_query::size_max, ' ')));
}

} // namespace
} // namespace capstan::hub
