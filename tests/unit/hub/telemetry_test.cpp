// Telemetry from a device's link to a service's: through both engines, the endpoints and a store.

#include <capstan/amqp/message.hpp>

#include "support/hub_fixture.hpp"

namespace capstan::test {
namespace {

amqp::bytes event(std::string_view body) {
    amqp::bytes out;
    amqp::message_properties properties;
    properties.content_type = "application/json;charset=utf-8";
    properties.message_id = amqp::value("id-1");
    amqp::message_builder(out)
        .properties(properties)
        .application_properties([](amqp::map_writer& to) { to.add("k", std::string_view("v")); })
        .data(body);
    return out;
}

std::string data_of(const amqp::bytes& payload) {
    const auto joined = amqp::message_view::parse(payload)->joined_data();
    return std::string(joined.begin(), joined.end());
}

amqp::map annotations_of(const amqp::bytes& payload) {
    return *amqp::decode_value(amqp::message_view::parse(payload)->message_annotations().content)->get<amqp::map>();
}

class telemetry_test : public hub_fixture {
protected:
    telemetry_test() {
        add_device("dev1");
        partition = std::to_string(hub_partition());
    }
    int hub_partition() const;
    hub_client& reader(std::uint32_t credit = 100) {
        auto& client = connect_service();
        receiver(client, "/hub/ConsumerGroups/$Default/Partitions/" + partition, credit);
        return client;
    }
    std::string partition;
};

int telemetry_test::hub_partition() const {
    std::uint64_t hash = 14695981039346656037u;
    for (const char c : std::string_view("dev1"))
        hash = (hash ^ static_cast<std::uint8_t>(c)) * 1099511628211u;
    return static_cast<int>((hash ^ (hash >> 32)) % 2);
}

TEST_F(telemetry_test, goes_from_device_to_service_unchanged) {
    auto& device = connect_device("dev1");
    const auto link = sender(device, "/devices/dev1/messages/events");
    ASSERT_TRUE(device.news.detached.empty());
    const auto id = send(device, link, event("hello"));
    ASSERT_EQ(device.news.disposed.size(), 1u);
    EXPECT_EQ(device.news.disposed[0].first, id);
    EXPECT_EQ(device.news.disposed[0].state.what, amqp::delivery_state::shape::accepted);
    EXPECT_TRUE(device.news.disposed[0].settled);

    auto& service = reader();
    ASSERT_EQ(service.news.messages.size(), 1u);
    const auto& got = service.news.messages[0];
    EXPECT_TRUE(got.settled);
    EXPECT_EQ(data_of(got.payload), "hello");
    const auto annotations = annotations_of(got.payload);
    EXPECT_EQ(*annotations.find("x-opt-sequence-number")->get<std::int64_t>(), 0);
    EXPECT_EQ(*annotations.find("x-opt-offset")->get<std::string>(), "0");
    EXPECT_TRUE(annotations.find("x-opt-enqueued-time")->get<amqp::timestamp>());
    EXPECT_EQ(*annotations.find("iothub-connection-device-id")->get<std::string>(), "dev1");
    EXPECT_EQ(*annotations.find("iothub-connection-auth-generation-id")->get<std::string>(), "1");
    EXPECT_EQ(*annotations.find("iothub-message-source")->get<std::string>(), "Telemetry");
    const auto message = amqp::message_view::parse(got.payload);
    EXPECT_EQ(amqp::read_properties(message->properties().content)->content_type, "application/json;charset=utf-8");
    EXPECT_TRUE(message->application_properties());
}

TEST_F(telemetry_test, a_reader_follows_the_tail) {
    auto& service = reader();
    auto& device = connect_device("dev1");
    const auto link = sender(device, "/devices/dev1/messages/events");
    for (const auto* text : {"a", "b", "c"})
        send(device, link, event(text));
    ASSERT_EQ(service.news.messages.size(), 3u);
    EXPECT_EQ(data_of(service.news.messages[2].payload), "c");
}

/// Some senders mix up strings and symbols: nothing is lost by taking either, and readers get what the standard has.
TEST_F(telemetry_test, mixed_up_texts_are_taken) {
    const amqp::bytes mixed{0x00, 0x53, 0x73, 0xc0, 15,  7,   0x40, 0x40, 0xa3, 1,    't',  0x40, 0x40,
                            0x40, 0xa1, 4,    'j',  's', 'o', 'n',  0x00, 0x53, 0x75, 0xa0, 1,    'x'};
    auto& device = connect_device("dev1");
    const auto link = sender(device, "/devices/dev1/messages/events");
    send(device, link, mixed);
    amqp::bytes batch;
    amqp::message_builder(batch).data(event("good")).data(mixed);
    send(device, link, batch, {.message_format = amqp::batched_message_format});
    ASSERT_EQ(device.news.disposed.size(), 2u);
    for (const auto& each : device.news.disposed)
        EXPECT_EQ(each.state.what, amqp::delivery_state::shape::accepted) << each.state.error.description;
    auto& service = reader();
    ASSERT_EQ(service.news.messages.size(), 3u);
    EXPECT_EQ(data_of(service.news.messages[1].payload), "good");
    for (const std::size_t index : {0, 2}) {
        const auto& payload = service.news.messages[index].payload;
        EXPECT_EQ(data_of(payload), "x");
        const auto properties = amqp::message_view::parse(payload)->properties().content;
        EXPECT_TRUE(amqp::check_properties(properties));
        EXPECT_EQ(amqp::read_properties(properties)->to, "t");
        EXPECT_EQ(amqp::read_properties(properties)->content_type, "json");
    }
}

TEST_F(telemetry_test, a_drained_reader_gets_what_there_is_through_a_narrow_window) {
    auto& device = connect_device("dev1");
    const auto to_hub = sender(device, "/devices/dev1/messages/events");
    for (const auto* text : {"a", "b", "c", "d", "e"})
        send(device, to_hub, event(text));
    auto& service = connect_service();
    client_settings.back()->incoming_window = 2;
    const auto link = receiver(service, "/hub/ConsumerGroups/$Default/Partitions/" + partition, 0);
    service.engine().set_credit(link, 10, true);
    settle();
    EXPECT_EQ(service.news.messages.size(), 5u);
    EXPECT_EQ(service.engine().credit_left(link), 0u);
}

TEST_F(telemetry_test, a_batch_is_as_many_events) {
    auto& device = connect_device("dev1");
    const auto link = sender(device, "/devices/dev1/messages/events");
    amqp::bytes batch;
    amqp::message_builder outer(batch);
    outer.data(event("one")).data(event("two"));
    send(device, link, batch, {.message_format = amqp::batched_message_format});
    ASSERT_EQ(device.news.disposed.size(), 1u);
    auto& service = reader();
    ASSERT_EQ(service.news.messages.size(), 2u);
    EXPECT_EQ(data_of(service.news.messages[1].payload), "two");
}

TEST_F(telemetry_test, a_large_message_is_rejected_and_the_link_lives) {
    auto& device = connect_device("dev1");
    const auto link = sender(device, "/devices/dev1/messages/events");
    send(device, link, event(std::string(300 * 1024, 'x')));
    ASSERT_EQ(device.news.disposed.size(), 1u);
    EXPECT_EQ(device.news.disposed[0].state.error.condition, "amqp:link:message-size-exceeded");
    send(device, link, event("small"));
    EXPECT_EQ(device.news.disposed.back().state.what, amqp::delivery_state::shape::accepted);
}

TEST_F(telemetry_test, a_malformed_message_is_rejected_and_harms_nobody) {
    auto& device = connect_device("dev1");
    const auto link = sender(device, "/devices/dev1/messages/events");
    send(device, link, amqp::as_bytes("this is no message"));
    ASSERT_EQ(device.news.disposed.size(), 1u);
    EXPECT_EQ(device.news.disposed[0].state.error.condition, "amqp:decode-error");
    send(device, link, event("good"));
    EXPECT_EQ(device.news.disposed.back().state.what, amqp::delivery_state::shape::accepted);
}

TEST_F(telemetry_test, thousands_flow_and_credit_is_topped_up) {
    auto& device = connect_device("dev1");
    const auto link = sender(device, "/devices/dev1/messages/events");
    for (int number = 0; number < 3000; ++number)
        send(device, link, event(std::to_string(number)));
    EXPECT_EQ(store->telemetry().state(static_cast<store::partition_id>(hub_partition())).next, 3000u);
    auto& service = reader(5000);
    ASSERT_EQ(service.news.messages.size(), 3000u);
    EXPECT_EQ(data_of(service.news.messages[2999].payload), "2999");
}

TEST_F(telemetry_test, a_reader_may_give_all_the_credit_there_is) {
    auto& device = connect_device("dev1");
    const auto link = sender(device, "/devices/dev1/messages/events");
    auto& service = reader(0xffffffff);
    for (const auto* text : {"a", "b"})
        send(device, link, event(text));
    EXPECT_EQ(service.news.messages.size(), 2u);
}

TEST_F(telemetry_test, a_stranger_gets_no_link) {
    auto& nobody = connect();
    sender(nobody, "/devices/dev1/messages/events");
    ASSERT_EQ(nobody.news.detached.size(), 1u);
    EXPECT_EQ(nobody.news.detached[0].error.condition, "amqp:unauthorized-access");
    EXPECT_NE(nobody.news.detached[0].error.description.find("401002"), std::string::npos);
}

TEST_F(telemetry_test, one_device_is_not_another) {
    add_device("dev2");
    auto& device = connect_device("dev2");
    sender(device, "/devices/dev1/messages/events");
    ASSERT_EQ(device.news.detached.size(), 1u);
    EXPECT_EQ(device.news.detached[0].error.condition, "amqp:unauthorized-access");
}

TEST_F(telemetry_test, the_hub_redirects_to_its_event_hub) {
    auto& service = connect_service();
    receiver(service, "/messages/events/ConsumerGroups/$Default/Partitions/0", 10);
    advance(std::chrono::milliseconds(20));
    ASSERT_EQ(service.news.detached.size(), 1u);
    const auto& error = service.news.detached[0].error;
    EXPECT_EQ(error.condition, "amqp:link:redirect");
    const auto info = *amqp::decode_value({error.info})->get<amqp::map>();
    EXPECT_EQ(*info.find("hostname")->get<std::string>(), "hub.local");
    EXPECT_EQ(*info.find("port")->get<std::int32_t>(), 5671);
    EXPECT_EQ(*info.find("address")->get<std::string>(), "amqps://hub.local:5671/hub/ConsumerGroups/$Default/Partitions/0");
}

TEST_F(telemetry_test, nobody_sends_to_an_event_hub) {
    auto& service = connect_service();
    for (const auto* address : {"hub", "/hub", "hub/Partitions/0", "hub/Publishers/me", "hub/ConsumerGroups/$Default/Partitions/0"}) {
        sender(service, address);
        advance(std::chrono::seconds(1)); // such refusals come late
        ASSERT_FALSE(service.news.detached.empty()) << address;
        EXPECT_EQ(service.news.detached.back().error.condition, "amqp:unauthorized-access") << address;
        service.news.detached.clear();
    }
    sender(service, "other/Partitions/0");
    ASSERT_EQ(service.news.detached.size(), 1u);
    EXPECT_EQ(service.news.detached[0].error.condition, "amqp:not-found");
}

TEST_F(telemetry_test, an_unknown_address_is_not_found) {
    auto& service = connect_service();
    receiver(service, "/no/such/thing", 10);
    ASSERT_EQ(service.news.detached.size(), 1u);
    EXPECT_EQ(service.news.detached[0].error.condition, "amqp:not-found");
    EXPECT_NE(service.news.detached[0].error.description.find("404006"), std::string::npos);
}

TEST_F(telemetry_test, a_token_that_runs_out_ends_the_link) {
    auto& device = connect("dev1@sas.hub", device_token("dev1", std::chrono::seconds(60)));
    sender(device, "/devices/dev1/messages/events");
    advance(std::chrono::minutes(6));
    EXPECT_TRUE(device.news.detached.empty()) << "within the allowed skew";
    advance(std::chrono::seconds(2));
    ASSERT_EQ(device.news.detached.size(), 1u);
    EXPECT_EQ(device.news.detached[0].error.condition, "amqp:unauthorized-access");
}

/// Settled messages are never answered: whatever ends the link, they have to be stored.
TEST_F(telemetry_test, what_was_sent_settled_is_stored_though_the_link_ends_at_once) {
    for (const bool close : {false, true}) {
        auto& device = connect_device("dev1");
        const auto link = sender(device, "/devices/dev1/messages/events");
        const auto before = store->telemetry().state(static_cast<store::partition_id>(hub_partition())).next;
        const auto message = event("last words");
        const bytes_view piece = message;
        const std::uint8_t tag[] = {1};
        ASSERT_TRUE(device.engine().send(link, tag, {&piece, 1}, {.settled = true}));
        close ? device.engine().close() : static_cast<void>(device.engine().detach(link));
        settle();
        EXPECT_EQ(store->telemetry().state(static_cast<store::partition_id>(hub_partition())).next, before + 1);
    }
}

TEST_F(telemetry_test, a_drain_is_answered_when_the_credit_is_used_up_and_when_there_is_none) {
    auto& device = connect_device("dev1");
    const auto link = sender(device, "/devices/dev1/messages/events");
    for (const auto* body : {"1", "2", "3"})
        send(device, link, event(body));
    auto& service = connect_service();
    const auto in = receiver(service, "/hub/ConsumerGroups/$Default/Partitions/" + partition, 0);
    for (const std::uint32_t credit : {2u, 5u, 0u}) {
        service.news = {};
        service.engine().set_credit(in, credit, true);
        settle();
        EXPECT_EQ(service.engine().credit_left(in), 0u);
        EXPECT_TRUE(service.news.credited) << credit;
    }
}

/// A batch of messages without anything in them.
amqp::bytes batch_of_empty(std::size_t count) {
    amqp::bytes empty, batch;
    amqp::message_builder(empty).data(std::string_view());
    amqp::message_builder outer(batch);
    for (std::size_t i = 0; i < count; ++i)
        outer.data(empty);
    return batch;
}

TEST_F(telemetry_test, what_is_with_the_store_is_in_flight_though_its_connection_has_gone) {
    auto& device = connect_device("dev1");
    const auto link = sender(device, "/devices/dev1/messages/events");
    bytes message;
    amqp::message_builder(message).data(bytes(200'000, 'x'));
    const bytes_view piece = message;
    constexpr std::uint8_t tag[] = {1};
    ASSERT_TRUE(device.engine().send(link, tag, {&piece, 1}, {}));
    while (device.exchange()) {}
    EXPECT_GE(instance->bytes_in_flight(), piece.size());
    clients.pop_back();
    EXPECT_GE(instance->bytes_in_flight(), piece.size());
    settle();
    EXPECT_EQ(instance->bytes_in_flight(), 0u);
}

/// What the hub adds to an event counts: 180 KB of empty messages are megabytes to the store.
TEST_F(telemetry_test, a_connection_with_much_in_flight_is_not_read_from) {
    auto& device = connect_device("dev1");
    const auto link = sender(device, "/devices/dev1/messages/events");
    bytes message;
    amqp::message_builder(message).data(bytes(200'000, 'x'));
    const bytes_view piece = message;
    constexpr std::uint8_t count = 25; // 5 MB
    for (std::uint8_t tag = 0; tag < count; ++tag)
        ASSERT_TRUE(device.engine().send(link, {&tag, 1}, {&piece, 1}, {}));
    while (device.exchange()) {}
    EXPECT_TRUE(device.peer().congested());
    settle();
    EXPECT_FALSE(device.peer().congested());
    EXPECT_EQ(instance->bytes_in_flight(), 0u);
    ASSERT_FALSE(device.news.disposed.empty());
    EXPECT_EQ(device.news.disposed[0].state.what, amqp::delivery_state::shape::accepted);
    EXPECT_EQ(store->telemetry().state(static_cast<store::partition_id>(hub_partition())).next, count);
}

/// Of each event three bytes, and what the hub says of it once.
TEST_F(telemetry_test, a_batch_of_thousands_is_stamped_once) {
    auto& device = connect_device("dev1");
    const auto link = sender(device, "/devices/dev1/messages/events");
    send(device, link, batch_of_empty(9'000), {.message_format = amqp::batched_message_format});
    ASSERT_EQ(device.news.disposed.size(), 1u);
    EXPECT_EQ(device.news.disposed[0].state.what, amqp::delivery_state::shape::accepted);
    EXPECT_EQ(store->telemetry().state(static_cast<store::partition_id>(hub_partition())).next, 9'000u);
}

} // namespace
} // namespace capstan::test
