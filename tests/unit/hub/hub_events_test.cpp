// What the hub itself tells, and where it goes: contract/semantics.md, section 3.6.

#include <boost/json.hpp>
#include <gmock/gmock.h>

#include "hub/registry/registry.hpp"
#include "support/hub_fixture.hpp"

namespace capstan::test {
namespace {

using namespace std::chrono_literals;
using hub::routing::source;

class hub_events_test : public hub_fixture {
protected:
    hub_events_test() { settings.routes.endpoints = {{.name = "others"}}; }
    ~hub_events_test() override {
        clients.clear();
        drain_all();
    }

    void start(std::vector<hub::routing::route> routes) {
        settings.routes.list = std::move(routes);
        ASSERT_TRUE(check(settings.routes));
        std::vector<store::telemetry_log*> logs{&others->telemetry()};
        drain_all(); // what the hub before has posted
        instance.emplace(settings, policies, *store, clock, std::vector<run_queue*>{&queue}, std::move(logs));
    }
    void put(const std::string& id) {
        instance->registry().put(id, boost::json::object{}, store::must_not_exist{}, queue, [](const auto& made) { ASSERT_TRUE(made); });
        settle();
    }
    void remove(const std::string& id) {
        instance->registry().remove(id, store::must_exist{}, queue, [](const auto& removed) { ASSERT_TRUE(removed); });
        settle();
    }

    struct heard {
        amqp::map annotations, properties;
        std::optional<std::string> content_type;
        boost::json::value body;
        std::string text(const amqp::map& of, std::string_view key) const {
            const auto* found = of.find(key);
            return std::string(found ? found->text().value_or("") : "");
        }
        std::string operation() const { return text(properties, "opType") + ' ' + text(properties, "deviceId"); }
    };
    /// All events of an event hub.
    std::vector<heard> events_of(const std::string& event_hub, std::size_t partitions) {
        std::vector<heard> all;
        for (std::size_t partition = 0; partition < partitions; ++partition) {
            auto& client = connect_service();
            receiver(client, "/" + event_hub + "/ConsumerGroups/$Default/Partitions/" + std::to_string(partition), 100);
            for (const auto& each : client.news.messages)
                all.push_back(read(each.payload));
            client.engine().close();
            settle();
        }
        return all;
    }
    static heard read(const amqp::bytes& payload) {
        const auto message = amqp::message_view::parse(payload);
        const auto map_in = [](amqp::encoded_view content) { return *amqp::decode_value(content)->get<amqp::map>(); };
        const auto data = message->joined_data();
        heard event{.annotations = map_in(message->message_annotations().content),
                    .properties = map_in(message->application_properties().content),
                    .content_type = {},
                    .body = boost::json::parse(std::string(data.begin(), data.end()))};
        if (const auto type = amqp::read_properties(message->properties().content)->content_type)
            event.content_type = std::string(*type);
        return event;
    }
    std::vector<std::string> operations() {
        std::vector<std::string> all;
        for (const auto& each : events_of("hub", 2))
            all.push_back(each.operation());
        return all;
    }
    std::unique_ptr<store::store> others = store::open_memory_store(clock, 1);
};

TEST_F(hub_events_test, identities_come_and_go) {
    start({{.name = "identities", .source = source::device_lifecycle, .endpoints = {"events", "others"}}});
    put("dev1");
    const auto told = events_of("hub", 2);
    ASSERT_EQ(told.size(), 1u);
    const auto& event = told[0];
    EXPECT_EQ(event.operation(), "createDeviceIdentity dev1");
    EXPECT_EQ(event.text(event.properties, "iothub-message-schema"), "deviceLifecycleNotification");
    EXPECT_EQ(event.text(event.properties, "hubName"), "hub");
    EXPECT_EQ(event.text(event.properties, "operationTimestamp").size(), std::string_view("2023-11-14T22:13:20.0000000Z").size());
    EXPECT_EQ(event.text(event.annotations, "iothub-message-source"), "deviceLifecycleEvents");
    EXPECT_EQ(event.text(event.annotations, "iothub-connection-device-id"), "dev1");
    EXPECT_EQ(event.content_type, "application/json");
    EXPECT_EQ(event.body.at("deviceId"), "dev1");
    put(store::module_key("dev1", "mod"));
    remove("dev1");
    const auto also = events_of("others", 1);
    ASSERT_EQ(also.size(), 4u) << "in both endpoints; the module goes with its device";
    EXPECT_EQ(also[1].text(also[1].properties, "moduleId"), "mod");
    EXPECT_EQ(also[2].operation(), "deleteDeviceIdentity dev1");
    EXPECT_EQ(also[2].text(also[2].properties, "moduleId"), "mod");
    EXPECT_EQ(also[3].operation(), "deleteDeviceIdentity dev1");
    EXPECT_EQ(also[3].text(also[3].properties, "moduleId"), "");
}

TEST_F(hub_events_test, never_fall_back_nor_take_routes_of_telemetry) {
    start({{.name = "all", .endpoints = {"others"}}});
    put("dev1");
    connect_device("dev1");
    advance(2min);
    EXPECT_TRUE(events_of("hub", 2).empty());
    EXPECT_TRUE(events_of("others", 1).empty());
}

TEST_F(hub_events_test, conditions_and_enrichments_are_for_them_too) {
    settings.routes.enrichments = {{.key = "plant", .value = "seven", .endpoints = {"others"}}};
    start({{.name = "gone",
            .source = source::device_lifecycle,
            .condition = "opType = 'deleteDeviceIdentity' AND $connectionDeviceId = 'dev1' AND $body.deviceId = 'dev1'",
            .endpoints = {"others"}}});
    for (const auto* id : {"dev1", "dev2"}) {
        put(id);
        remove(id);
    }
    const auto told = events_of("others", 1);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].operation(), "deleteDeviceIdentity dev1");
    EXPECT_EQ(told[0].text(told[0].properties, "plant"), "seven");
}

TEST_F(hub_events_test, connections_are_looked_at_once_a_minute) {
    start({{.name = "connections", .source = source::connection_state, .endpoints = {"events"}}});
    add_device("dev1");
    add_device("dev2");
    advance(1min);
    auto& first = connect_device("dev1");
    auto link = sender(first, "/devices/dev1/messages/events");
    EXPECT_TRUE(operations().empty()) << "at the next minute only";
    advance(1min);
    EXPECT_EQ(operations(), std::vector<std::string>{"deviceConnected dev1"});
    first.engine().detach(link);
    settle();
    auto& second = connect_device("dev2"); // comes and goes in between
    const auto brief = sender(second, "/devices/dev2/messages/events");
    second.engine().detach(brief);
    settle();
    advance(1min);
    const auto told = events_of("hub", 2);
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[1].operation(), "deviceDisconnected dev1");
    EXPECT_EQ(told[1].text(told[1].annotations, "iothub-message-source"), "deviceConnectionStateEvents");
    const auto number = [](const heard& each) { return std::string(each.body.at("sequenceNumber").as_string()); };
    EXPECT_EQ(number(told[0]).size(), 64u);
    EXPECT_LT(number(told[0]), number(told[1]));
    advance(5min);
    EXPECT_EQ(operations().size(), 2u) << "nothing has changed";
}

} // namespace
} // namespace capstan::test
