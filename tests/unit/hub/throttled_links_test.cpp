// A hub with the limits of an S1: what waits, and what is refused, on its links.

#include "hub/throttle.hpp"
#include "unit/hub/commands_fixture.hpp"

namespace capstan::test {
namespace {

using namespace std::chrono_literals;
using shape = amqp::delivery_state::shape;

class throttled_links_test : public commands_fixture {
protected:
    throttled_links_test() {
        settings.throttling = hub::throttle_tier::s1;
        settings.command_queue_depth = 1000;
        drain_all(); // what the hub before has posted
        instance.emplace(settings, policies, *store, clock, std::vector<run_queue*>{&queue});
    }
    /// The hub takes no more of these without waiting.
    void use_up(hub::operation what, std::size_t count) { ASSERT_EQ(instance->throttle()->take(what, clock.now(), count), 0ms); }
    /// Nor with.
    void use_up_all(hub::operation what) {
        while (instance->throttle()->take(what, clock.now())) {}
    }
    static amqp::bytes telemetry(std::string_view text) {
        amqp::bytes out;
        amqp::message_builder(out).data(text);
        return out;
    }
    std::size_t stored() {
        std::size_t count = 0;
        for (store::partition_id partition = 0; partition < store->telemetry().partition_count(); ++partition)
            count += store->telemetry().state(partition).next;
        return count;
    }
    static void expect_throttled(const amqp::error& why, std::string_view operation) {
        EXPECT_EQ(why.condition, "com.microsoft:device-container-throttled");
        const auto said = boost::json::parse(why.description);
        EXPECT_EQ(said.at("errorCode"), 429001);
        EXPECT_EQ(std::string(said.at("message").as_string()),
                  "The request has been throttled. Wait 10 seconds and try again. Operation type: " + std::string(operation));
    }
};

TEST_F(throttled_links_test, telemetry_waits_for_its_turn_and_then_is_refused) {
    auto& device = connect_device("dev1");
    const auto link = sender(device, "/devices/dev1/messages/events");
    use_up(hub::operation::telemetry, 6000 - 1);
    send(device, link, telemetry("at once"));
    ASSERT_EQ(device.news.disposed.size(), 1u);
    send(device, link, telemetry("later"));
    send(device, link, telemetry("and later"));
    EXPECT_EQ(device.news.disposed.size(), 1u) << "they wait";
    EXPECT_GT(instance->bytes_in_flight().load(), 0u);
    advance(1s);
    ASSERT_EQ(device.news.disposed.size(), 2u) << "one disposition for both";
    EXPECT_EQ(device.news.disposed[1].state.what, shape::accepted);
    EXPECT_EQ(stored(), 3u);
    EXPECT_EQ(instance->bytes_in_flight().load(), 0u);
    use_up_all(hub::operation::telemetry);
    send(device, link, telemetry("too much"));
    ASSERT_EQ(device.news.disposed.size(), 3u);
    EXPECT_EQ(device.news.disposed[2].state.what, shape::rejected);
    expect_throttled(device.news.disposed[2].state.error, "DeviceToCloudSend");
    EXPECT_TRUE(device.news.detached.empty()) << "the link lives on";
    advance(11s);
    send(device, link, telemetry("again"));
    advance(1s);
    EXPECT_EQ(device.news.disposed.back().state.what, shape::accepted);
}

TEST_F(throttled_links_test, what_waits_is_not_overtaken) {
    auto& device = connect_device("dev1");
    const auto link = sender(device, "/devices/dev1/messages/events");
    use_up(hub::operation::telemetry, 6000);
    send(device, link, telemetry("first"));
    clock.advance(500ms); // the turn of both would be there, but the hub has not looked
    send(device, link, telemetry("second"));
    EXPECT_TRUE(device.news.disposed.empty());
    advance(500ms);
    EXPECT_EQ(stored(), 2u);
}

TEST_F(throttled_links_test, what_was_sent_settled_is_stored_though_the_link_ends_while_it_waits) {
    auto& device = connect_device("dev1");
    const auto link = sender(device, "/devices/dev1/messages/events");
    use_up(hub::operation::telemetry, 6000);
    send(device, link, telemetry("settled"), {.settled = true});
    send(device, link, telemetry("not settled"));
    device.engine().detach(link);
    settle();
    EXPECT_EQ(stored(), 1u);
    EXPECT_EQ(instance->bytes_in_flight().load(), 0u);
    advance(10s);
    EXPECT_EQ(stored(), 1u);
}

TEST_F(throttled_links_test, commands_wait_and_are_refused_too) {
    use_up(hub::operation::command_send, 100);
    service = &connect_service();
    service_link = sender(*service, "/messages/devicebound");
    for (int number = 0; number < 16; ++number)
        send(*service, service_link, command("m"));
    EXPECT_TRUE(service->news.disposed.empty());
    expect_throttled(say("too much").error, "CloudToDeviceSend");
    service->news.disposed.clear();
    advance(10s);
    EXPECT_EQ(service->news.disposed.size(), 16u);
    EXPECT_EQ(listen(100).news.messages.size(), 16u);
}

TEST_F(throttled_links_test, a_device_connects_once_on_a_connection) {
    use_up(hub::operation::connection, 6000);
    auto& device = connect_device("dev1");
    sender(device, "/devices/dev1/messages/events");
    EXPECT_TRUE(device.news.attached.empty()) << "its turn is to come";
    advance(1s);
    EXPECT_EQ(device.news.attached.size(), 1u);
    EXPECT_TRUE(device.news.detached.empty());
    use_up_all(hub::operation::connection);
    receiver(device, "/devices/dev1/messages/devicebound", 1);
    EXPECT_EQ(device.news.attached.size(), 2u) << "it is connected";
    add_device("dev2");
    auto& other = connect_device("dev2");
    sender(other, "/devices/dev2/messages/events");
    ASSERT_EQ(other.news.detached.size(), 1u);
    expect_throttled(other.news.detached[0].error, "AmqpLinkOpen");
    auto& third = connect_device("dev2");
    advance(10s);
    sender(third, "/devices/dev2/messages/events");
    clients.pop_back(); // gone before its turn
    advance(10s);
}

} // namespace
} // namespace capstan::test
