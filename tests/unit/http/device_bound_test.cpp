// Cloud-to-device messages over HTTPS, as Azure's Node and .NET device SDKs ask for them (contract/rest.md, section 10).

#include <future>

#include <capstan/amqp/message.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/commands/command_center.hpp"
#include "unit/http/hub_on_http.hpp"

namespace capstan::http {
namespace {

using test::field;
using test::verb;
using test::version;

class device_bound_test : public test::hub_on_http {
protected:
    device_bound_test() {
        for (const std::string id : {"dev1", "dev2"})
            EXPECT_EQ(verdict(ask(verb::put, "/devices/" + id + version, "{\"deviceId\":\"" + id + "\"}")), "200");
        clock.advance(std::chrono::minutes(1));
    }

    /// Queues a command for dev1, or for a module of its.
    void send(const std::string& body, const std::string& id = "m1", const std::string& property = "on", const std::string& to = "dev1") {
        send_with([&](amqp::message_builder& out) { out.data(body); }, id, property, to);
    }
    void send_with(const std::function<void(amqp::message_builder&)>& write_body, const std::string& id, const std::string& property,
                   const std::string& to = "dev1") {
        amqp::bytes encoded;
        amqp::message_builder out(encoded);
        amqp::message_properties properties;
        const auto octets = amqp::as_bytes("me");
        properties.message_id = id;
        properties.to = "/devices/dev1/messages/devicebound";
        properties.user_id = octets;
        properties.content_type = "text/plain";
        out.properties(properties);
        out.application_properties([&](amqp::map_writer& all) {
            all.add("fan speed", property);
            all.add("iothub-ack", std::string_view("full"));
        });
        write_body(out);
        store::command made;
        made.enqueued = clock.now();
        made.expires = clock.now() + std::chrono::hours(1);
        made.ack = store::ack_mode::full;
        made.message_id = id;
        made.message = std::move(encoded);
        std::promise<bool> taken;
        instance->commands().enqueue(to, std::move(made), queue, [&](std::optional<amqp::error> error) { taken.set_value(!error); });
        EXPECT_TRUE(taken.get_future().get());
    }
    test::http_response as(const std::string& device, verb method, const std::string& path, const std::string& query = version) {
        const auto known = instance->store().devices().find(device);
        const auto token = auth::make_sas_token("hub.local/devices/" + device, known->primary_key, "", clock.now() + std::chrono::hours(1));
        return ask(request(method, "/devices/dev1/messages/" + path + query, {}, {}, token));
    }
    void pass(std::chrono::seconds time) {
        clock.advance(time);
        std::promise<void> ticked;
        queue.post([&] {
            instance->tick(0);
            ticked.set_value();
        });
        ticked.get_future().get();
    }
    std::string lock_of(const test::http_response& received) {
        const std::string tag(received[field::etag]);
        EXPECT_EQ(tag.size(), 38u) << tag; // a GUID in quotes
        return tag.size() == 38 ? tag.substr(1, 36) : "";
    }
};

TEST_F(device_bound_test, a_command_comes_with_all_that_it_has) {
    EXPECT_EQ(verdict(as("dev1", verb::get, "deviceBound")), "204");
    send("open");
    const auto got = as("dev1", verb::get, "devicebound");
    EXPECT_EQ(got.result_int(), 200u);
    EXPECT_EQ(got.body(), "open");
    EXPECT_EQ(got[field::content_type], "application/octet-stream");
    const std::pair<const char*, const char*> expected[] = {{"iothub-messageid", "m1"},
                                                            {"iothub-sequencenumber", "1"},
                                                            {"iothub-deliverycount", "0"},
                                                            {"iothub-userid", "me"},
                                                            {"iothub-to", "/devices/dev1/messages/devicebound"},
                                                            {"iothub-contenttype", "text/plain"},
                                                            {"iothub-ack", "full"},
                                                            {"iothub-app-fan%20speed", "on"}};
    for (const auto& [name, value] : expected)
        EXPECT_EQ(got[name], value) << name;
    EXPECT_THAT(std::string(got["iothub-enqueuedtime"]), testing::MatchesRegex("20.*Z"));
    EXPECT_EQ(verdict(as("dev1", verb::get, "devicebound")), "204"); // it is locked
}

/// What came over AMQP may be more than a header can hold.
TEST_F(device_bound_test, any_text_of_a_property_survives_a_header) {
    const std::pair<const char*, const char*> rows[] = {
        {"light blue: 7/8", "light blue: 7/8"},
        {" at both ends ", "%20at both ends%20"},
        {"100%", "100%25"},
        {"caf\xc3\xa9", "caf%C3%A9"},
        {"a\r\nb: c", "a%0D%0Ab: c"},
        {"\t", "%09"},
    };
    for (const auto& [property, header] : rows) {
        send("x", "m1", property);
        const auto got = as("dev1", verb::get, "devicebound");
        EXPECT_EQ(got["iothub-app-fan%20speed"], header);
        EXPECT_EQ(verdict(as("dev1", verb::delete_, "devicebound/" + lock_of(got))), "204");
    }
    send("x", "m1", "");
    EXPECT_EQ(as("dev1", verb::get, "devicebound").count("iothub-app-fan%20speed"), 1u) << "an empty value is one";
}

TEST_F(device_bound_test, the_three_outcomes) {
    send("open");
    auto lock = lock_of(as("dev1", verb::get, "devicebound"));
    EXPECT_EQ(verdict(as("dev1", verb::post, "devicebound/" + lock + "/abandon")), "204");
    auto again = as("dev1", verb::get, "devicebound");
    EXPECT_EQ(again["iothub-deliverycount"], "1");
    EXPECT_EQ(verdict(as("dev1", verb::delete_, "devicebound/" + lock)), "412 DeviceMessageLockLost");
    EXPECT_EQ(verdict(as("dev1", verb::delete_, "devicebound/" + lock_of(again))), "204");
    send("never");
    EXPECT_EQ(verdict(as("dev1", verb::delete_, "devicebound/" + lock_of(as("dev1", verb::get, "devicebound")), version + "&reject")),
              "204");
    EXPECT_EQ(verdict(as("dev1", verb::get, "devicebound")), "204");
    EXPECT_EQ(verdict(as("dev1", verb::delete_, "devicebound/none")), "412 DeviceMessageLockLost");
    EXPECT_EQ(verdict(as("dev1", verb::delete_, "devicebound/" + std::string(36, 'g'))), "412 DeviceMessageLockLost");
}

TEST_F(device_bound_test, a_lock_ends_with_its_time) {
    send("open");
    const auto lock = lock_of(as("dev1", verb::get, "devicebound"));
    pass(settings.command_lock + std::chrono::seconds(1));
    EXPECT_EQ(verdict(as("dev1", verb::delete_, "devicebound/" + lock)), "412 DeviceMessageLockLost");
    EXPECT_EQ(as("dev1", verb::get, "devicebound").body(), "open");
}

/// contract/semantics.md, 1.3: in a header or in the query, and never more than five minutes.
TEST_F(device_bound_test, a_lock_lasts_as_long_as_is_asked_for) {
    struct row {
        std::string query, header;
        std::chrono::seconds lasts;
    };
    const row rows[] = {
        {"&messageLockTimeout=5", "", std::chrono::seconds(5)},
        {"&iothub-messagelocktimeout=20", "", std::chrono::seconds(20)},
        {"&IotHub-MessageLockTimeout=20", "", std::chrono::seconds(20)},
        {"", "30", std::chrono::seconds(30)},
        {"", "", settings.command_lock},
        {"&messageLockTimeout=0", "", std::chrono::seconds(1)},
        {"&messageLockTimeout=-7", "", std::chrono::seconds(1)},
        {"&messageLockTimeout=301", "", std::chrono::seconds(300)},
        {"&messageLockTimeout=99999999999999999999", "", std::chrono::seconds(300)},
    };
    send("open");
    for (const auto& [query, header, lasts] : rows) {
        auto asked = request(verb::get, "/devices/dev1/messages/devicebound" + version + query);
        if (!header.empty())
            asked.set("IotHub-MessageLockTimeout", header);
        ASSERT_EQ(ask(asked).body(), "open") << query;
        pass(lasts - std::chrono::seconds(1));
        EXPECT_EQ(verdict(as("dev1", verb::get, "devicebound")), "204") << query << header;
        pass(std::chrono::seconds(1));
    }
    EXPECT_EQ(verdict(as("dev1", verb::get, "devicebound", version + "&messageLockTimeout=soon")), "400 ArgumentInvalid");
}

TEST_F(device_bound_test, only_the_device_itself_may) {
    send("open");
    EXPECT_EQ(verdict(as("dev2", verb::get, "devicebound")), "401 IotHubUnauthorizedAccess");
    const auto by = [&](const std::string& policy) {
        return verdict(ask(request(verb::get, "/devices/dev1/messages/devicebound" + version, {}, {}, token(policy))));
    };
    EXPECT_EQ(by("service"), "401 IotHubUnauthorizedAccess");
    EXPECT_EQ(by("device"), "200"); // on its behalf
    EXPECT_EQ(verdict(ask(verb::get, "/devices/none/messages/devicebound" + version)), "401 IotHubUnauthorizedAccess");
}

TEST_F(device_bound_test, a_modules_commands_are_its_own) {
    const std::string module = "/devices/dev1/modules/m";
    EXPECT_EQ(verdict(ask(verb::put, module + version, "{}")), "200");
    send("first", "m1", "on", "dev1/m");
    send("second", "m2", "on", "dev1/m");
    const auto counted = [&](const std::string& path) {
        return json_of(ask(verb::get, path + version)).at("cloudToDeviceMessageCount").as_int64();
    };
    EXPECT_EQ(counted(module), 2);
    EXPECT_EQ(counted("/devices/dev1"), 0);
    EXPECT_EQ(json_of(ask(verb::get, "/devices/dev1/modules" + version)).as_array().at(0).at("cloudToDeviceMessageCount"), 2);
    EXPECT_EQ(json_of(ask(verb::get, module + "/commands" + version)).as_array().size(), 2u);
    const auto got = ask(verb::get, module + "/messages/deviceBound" + version); // as the owner
    EXPECT_EQ(got.body(), "first");
    EXPECT_EQ(verdict(ask(verb::delete_, module + "/messages/deviceBound/" + lock_of(got) + version + "&reject")), "204");
    EXPECT_EQ(json_of(ask(verb::get, module + "/deadletters" + version)).as_array().size(), 1u);
    EXPECT_EQ(verdict(ask(verb::delete_, module + "/deadletters/1" + version)), "200");
    EXPECT_EQ(json_of(ask(verb::delete_, module + "/commands" + version)),
              boost::json::parse(R"({"totalMessagesPurged":1,"deviceId":"dev1","moduleId":"m"})"));
    EXPECT_EQ(counted(module), 0);
    EXPECT_EQ(verdict(ask(verb::delete_, "/devices/dev1/modules/none/commands" + version)), "404 ModuleNotFound");
}

TEST_F(device_bound_test, what_waits_is_counted) {
    send("one");
    send("two");
    EXPECT_EQ(json_of(ask(verb::get, "/devices/dev1" + version)).at("cloudToDeviceMessageCount"), 2);
    const auto asked = R"({"query":"SELECT * FROM devices WHERE cloudToDeviceMessageCount > 1"})";
    const auto found = json_of(ask(verb::post, "/devices/query" + version, asked)).as_array();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].at("cloudToDeviceMessageCount"), 2);
}

/// They wait for a device that speaks AMQP, and are not locked meanwhile.
TEST_F(device_bound_test, properties_that_no_header_can_hold) {
    std::string long_one;
    for (int i = 0; i < 12'000; ++i)
        long_one += "\xc3\xa9";
    send("open", "m1", long_one);
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(verdict(as("dev1", verb::get, "devicebound")), "431 GenericRequestHeaderFieldsTooLarge");
    instance->commands().settle_by_id("dev1", "m1", hub::verdict::complete, queue, [](std::optional<amqp::error> error) {
        EXPECT_TRUE(error); // nobody holds it
    });
}

/// A body of AMQP's own types has no octets to answer with: it waits for AMQP too.
TEST_F(device_bound_test, bodies_that_are_no_octets) {
    send_with([](amqp::message_builder& out) { out.value(amqp::value(std::int32_t{7})); }, "m1", "on");
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(verdict(as("dev1", verb::get, "devicebound")), "400 IotHubFormatError");
}

TEST_F(device_bound_test, looking_takes_nothing_away) {
    send("open");
    const auto known = instance->store().devices().find("dev1");
    const auto token = auth::make_sas_token("hub.local/devices/dev1", known->primary_key, "", clock.now() + std::chrono::hours(1));
    test::https_client own(port, client_tls);
    test::beast::http::write(own.wire, request(verb::head, "/devices/dev1/messages/devicebound" + version, {}, {}, token));
    EXPECT_EQ(own.answer(true).result_int(), 405u);
    EXPECT_EQ(as("dev1", verb::get, "devicebound").body(), "open");
}

/// What a service wrote must not become a header of its own.
TEST_F(device_bound_test, properties_cannot_break_out_of_their_header) {
    send("open", "m1", "a\r\nSet-Cookie: b\xc3\xa9");
    const auto got = as("dev1", verb::get, "devicebound");
    EXPECT_EQ(got["iothub-app-fan%20speed"], "a%0D%0ASet-Cookie: b%C3%A9");
    EXPECT_EQ(got.count("Set-Cookie"), 0u);
}

} // namespace
} // namespace capstan::http
