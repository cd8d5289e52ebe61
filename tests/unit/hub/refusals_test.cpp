// Every way in which the hub says no: with the contract's condition and number, and a tracking id that stands in the log too.

#include "hub/registry/registry.hpp"
#include "hub/telemetry/event_hub.hpp"
#include "support/captured_log.hpp"
#include "unit/hub/commands_fixture.hpp"

namespace capstan::test {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view events = "/devices/dev1/messages/events", to_devices = "/messages/devicebound";
constexpr std::string_view first_partition = "/hub/ConsumerGroups/$Default/Partitions/0";

class refusals_test : public commands_fixture {
protected:
    refusals_test() { add_device("dev2"); }

    /// That the client was told this, and that the log says the same in one line.
    void expect_refused(const amqp::error& told, std::string_view condition, std::string_view code) {
        const auto marks = hub::marks_of(told);
        EXPECT_EQ(told.condition, condition) << told.description;
        EXPECT_EQ(marks.code, code) << told.description;
        ASSERT_GE(marks.tracking_id.size(), 32u) << told.description;
        expect_logged(fmt::format("condition={} errorCode={} trackingId=\"{}\"", condition, code, marks.tracking_id));
    }
    void expect_logged(const std::string& line) {
        const auto written = log.take();
        const auto found = written.find(line);
        ASSERT_NE(found, written.npos) << line << "\nin\n" << written;
        EXPECT_EQ(written.find(line, found + 1), written.npos) << "twice:\n" << written;
    }
    /// The last link that ended; a refused reader is told so a little later.
    amqp::error ended(hub_client& client) {
        advance(1s);
        EXPECT_FALSE(client.news.detached.empty());
        return client.news.detached.empty() ? amqp::error() : client.news.detached.back().error;
    }
    amqp::error rejected(hub_client& client, const std::string& address, const amqp::bytes& message) {
        send(client, sender(client, address), message);
        EXPECT_EQ(client.news.disposed.size(), 1u);
        return client.news.disposed.empty() ? amqp::error() : client.news.disposed.back().state.error;
    }
    amqp::error closed(hub_client& client) {
        EXPECT_TRUE(client.news.closed);
        return client.news.closed ? client.news.closed->error : amqp::error();
    }
    amqp::error refused_reader(const std::string& selector) {
        amqp::map filters;
        filters.entries.emplace_back(amqp::symbol{"apache.org:selector-filter:string"}, selector);
        amqp::list fields;
        fields.elements.resize(8);
        fields.elements[0] = amqp::value(std::string(first_partition));
        fields.elements[7] = amqp::value(std::move(filters));
        auto& client = connect_service();
        attach(client, amqp::role::receiver, {}, 1,
               amqp::encode(amqp::value(amqp::described(amqp::value(std::uint64_t{0x28}), amqp::value(std::move(fields))))));
        return ended(client);
    }
    void change_device(std::optional<boost::json::value> body) {
        auto done = [](const std::expected<store::device, hub::registry_refusal>& result) { ASSERT_TRUE(result); };
        body ? instance->registry().put("dev1", *std::move(body), store::must_exist{}, queue, done)
             : instance->registry().remove("dev1", store::must_exist{}, queue, done);
        settle();
    }
    captured_log log;
};

TEST_F(refusals_test, links) {
    enum : std::uint8_t { stranger, device, service_policy };
    constexpr auto out = amqp::role::sender, in = amqp::role::receiver;
    const struct {
        int by;
        amqp::role role;
        std::string_view address, condition, code;
    } rows[] = {
        {stranger, out, events, "amqp:unauthorized-access", "401002"},
        {device, out, "/devices/dev2/messages/events", "amqp:unauthorized-access", "401002"},
        {device, out, to_devices, "amqp:unauthorized-access", "401002"},
        {device, in, "/messages/events", "amqp:unauthorized-access", "401002"},
        {service_policy, out, "/messages/serviceBound/feedback", "amqp:unauthorized-access", "401002"},
        {service_policy, out, events, "amqp:unauthorized-access", "401002"},
        {service_policy, in, "/no/such/thing", "amqp:not-found", "404006"},
        {service_policy, in, to_devices, "amqp:not-found", "404006"},
        {service_policy, out, first_partition, "amqp:unauthorized-access", "-"},
        {device, in, first_partition, "amqp:unauthorized-access", "-"},
        {service_policy, in, "/hub/ConsumerGroups/$Default/Partitions/9", "amqp:not-found", "-"},
        {service_policy, in, "/hub/ConsumerGroups/none/Partitions/0", "amqp:not-found", "-"},
    };
    for (const auto& [by, role, address, condition, code] : rows) {
        SCOPED_TRACE(address);
        auto& client = by == stranger ? connect() : by == device ? connect_device("dev1") : connect_service();
        attach(client, role, std::string(address), 1);
        expect_refused(ended(client), condition, code);
    }
}

TEST_F(refusals_test, readers) {
    expect_refused(refused_reader("amqp.annotation.x-opt-size > 1"), "amqp:invalid-field", "-");
    expect_refused(refused_reader("amqp.annotation.x-opt-sequence-number > '488'"), "com.microsoft:argument-error", "-");
    settings.readers_max = 0;
    auto& late = connect_service();
    receiver(late, std::string(first_partition), 1);
    expect_refused(ended(late), "amqp:resource-limit-exceeded", "-");
}

TEST_F(refusals_test, readers_that_live) {
    auto& events_hub = instance->built_in_events();
    ASSERT_TRUE(events_hub.consumer_groups().create("mine"));
    auto& client = connect_service();
    receiver(client, "/hub/ConsumerGroups/mine/Partitions/0", 1);
    events_hub.readers().end_group("mine");
    settle();
    expect_refused(ended(client), "amqp:not-found", "-");
}

TEST_F(refusals_test, telemetry) {
    const auto by = [&](const amqp::bytes& message) { return rejected(connect_device("dev1"), std::string(events), message); };
    const auto text = amqp::as_bytes("this is no message");
    expect_refused(by({text.begin(), text.end()}), "amqp:decode-error", "400006");
    amqp::bytes large, small;
    amqp::message_builder(large).data(std::string(300 * 1024, 'x'));
    amqp::message_builder(small).data(std::string_view("x"));
    expect_refused(by(large), "amqp:link:message-size-exceeded", "413001");
    store->telemetry().when_appended = store::failure{store::errc::full, "no space left"};
    expect_refused(by(small), "com.microsoft:server-busy", "503005");
    store->telemetry().when_appended = store::failure{store::errc::failed, "it broke"};
    expect_refused(by(small), "amqp:internal-error", "500001");
}

amqp::bytes command_with(const std::function<void(amqp::message_properties&)>& change, std::size_t size = 1) {
    amqp::bytes out;
    amqp::message_properties properties;
    properties.to = "/devices/dev1/messages/devicebound";
    change(properties);
    amqp::message_builder(out).properties(properties).data(std::string(size, 'x'));
    return out;
}

TEST_F(refusals_test, commands) {
    const auto by = [&](const amqp::bytes& message) { return rejected(connect_service(), std::string(to_devices), message); };
    const auto text = amqp::as_bytes("this is no message");
    const auto nothing = [](amqp::message_properties&) {};
    expect_refused(by({text.begin(), text.end()}), "amqp:decode-error", "400006");
    expect_refused(by(command_with([](auto& fields) { fields.to.reset(); })), "com.microsoft:argument-error", "400004");
    expect_refused(by(command_with([](auto& fields) { fields.to = "/devices/nobody/messages/devicebound"; })), "amqp:not-found", "404001");
    expect_refused(by(command_with([](auto& fields) { fields.absolute_expiry_time = amqp::timestamp{1}; })), "com.microsoft:argument-error",
                   "403009");
    expect_refused(by(command_with(nothing, 70'000)), "amqp:link:message-size-exceeded", "413001");
    expect_refused(by(command("1", "perhaps")), "com.microsoft:argument-error", "400004");
    settings.command_queue_depth = 0;
    expect_refused(by(command_with(nothing)), "amqp:resource-limit-exceeded", "403004");
}

TEST_F(refusals_test, outcomes_that_come_too_late) {
    say("1");
    auto& device = listen();
    ASSERT_EQ(device.news.messages.size(), 1u);
    advance(61s);
    device.news.disposed.clear();
    log.take();
    answer(device, 0, amqp::delivery_state::accepted(), false);
    ASSERT_FALSE(device.news.disposed.empty());
    expect_refused(device.news.disposed.back().state.error, "com.microsoft:message-lock-lost", "412002");
}

TEST_F(refusals_test, reports_and_twin_requests) {
    const auto by = [&](std::string_view address, const amqp::bytes& message) {
        return rejected(connect_device("dev1"), std::string(address), message);
    };
    const auto text = amqp::as_bytes("this is no message");
    const amqp::bytes no_message(text.begin(), text.end());
    for (const auto* address : {"/messages/serviceBound/feedback", "/devices/dev1/twin", "$cbs"})
        expect_refused(by(address, no_message), "amqp:decode-error", "400006");
    amqp::bytes of_nothing, of_another;
    amqp::message_builder(of_nothing).data(std::string_view("x"));
    expect_refused(by("/messages/serviceBound/feedback", of_nothing), "com.microsoft:argument-error", "400004");
    amqp::message_properties properties;
    properties.correlation_id = amqp::value("no such command");
    amqp::message_builder(of_another).properties(properties).data(std::string_view("x"));
    expect_refused(by("/messages/serviceBound/feedback", of_another), "com.microsoft:message-lock-lost", "412002");
}

TEST_F(refusals_test, requests) {
    struct row {
        std::string_view condition, code, status;
    };
    const auto expect_answered = [&](hub_client& client, const row& expected) {
        ASSERT_FALSE(client.news.messages.empty());
        const auto entries =
            amqp::decode_value(amqp::message_view::parse(client.news.messages.back().payload)->application_properties().content);
        const auto* map = entries->get<amqp::map>();
        EXPECT_EQ(std::to_string(*map->find("status-code")->integer()), expected.status);
        EXPECT_EQ(map->find("error-condition")->text(), expected.condition);
        const std::string id(map->find("com.microsoft:tracking-id")->text().value_or("none"));
        expect_logged(fmt::format("condition={} errorCode={} trackingId=\"{}\"", expected.condition, expected.code, id));
    };
    const auto ask = [&](std::string_view node, std::string_view operation, const amqp::value& body) -> hub_client& {
        auto& client = connect();
        receiver(client, std::string(node), 10);
        amqp::bytes request;
        amqp::message_builder(request)
            .properties({})
            .application_properties([&](amqp::map_writer& to) {
                to.add("operation", operation);
                to.add("name", std::string_view("hub"));
            })
            .value(body);
        send(client, sender(client, std::string(node)), request);
        return client;
    };
    expect_answered(ask("$cbs", "get-token", amqp::value("x")), {"com.microsoft:argument-error", "400004", "400"});
    expect_answered(ask("$cbs", "put-token", amqp::value("no token")), {"com.microsoft:argument-error", "400004", "400"});
    expect_answered(ask("$cbs", "put-token", amqp::value(device_token("dev1", -1h))), {"amqp:unauthorized-access", "401002", "401"});
    expect_answered(ask("$cbs", "put-token", amqp::value(device_token("nobody"))), {"amqp:not-found", "404001", "404"});
    expect_answered(ask("$management", "READ", {}), {"amqp:unauthorized-access", "-", "401"});
}

TEST_F(refusals_test, what_ends_live_links) {
    auto& short_lived = connect();
    ASSERT_EQ(put_token(short_lived, device_token("dev1", 10min)), 200);
    sender(short_lived, std::string(events));
    clock.advance(15min + 1s);
    const auto expired = ended(short_lived);
    EXPECT_EQ(expired.description, "Token Invalid.") << "the real hub's words";
    expect_refused(expired, "amqp:unauthorized-access", "401003");

    auto& first = connect_device("dev1");
    sender(first, std::string(events));
    auto& second = connect_device("dev1");
    sender(second, std::string(events));
    expect_refused(ended(first), "amqp:link:stolen", "409002");
    change_device(boost::json::object{{"status", "disabled"}});
    expect_refused(ended(second), "amqp:unauthorized-access", "403012");
    change_device(boost::json::object{{"status", "enabled"}});
    auto& third = connect_device("dev1");
    sender(third, std::string(events));
    change_device(std::nullopt);
    expect_refused(ended(third), "amqp:unauthorized-access", "401002");
}

TEST_F(refusals_test, connections) {
    auto& unused = connect_service();
    advance(60s);
    expect_refused(closed(unused), "amqp:connection:forced", "-");
    auto& stranger_with_links = connect();
    receiver(stranger_with_links, "$cbs", 1);
    advance(60s);
    expect_refused(closed(stranger_with_links), "amqp:unauthorized-access", "401002");
    auto& with_much = connect();
    for (int i = 0; i < 17; ++i)
        receiver(with_much, "$cbs", 1);
    expect_refused(closed(with_much), "amqp:unauthorized-access", "401002");
}

TEST_F(refusals_test, what_the_engine_finds_wrong) {
    const auto link_that_has_ended = [&](std::initializer_list<std::uint8_t> frame) {
        auto& client = connect_device("dev1");
        sender(client, std::string(events));
        client.slip_in(frame);
        settle();
        return ended(client);
    };
    const std::uint8_t transfer = 0x14, detach = 0x16, unknown = 0x99;
    expect_refused(link_that_has_ended({0, 0, 0, 15, 2, 0, 0, 0, 0, 0x53, transfer, 0xc0, 2, 1, 0x43}), "amqp:invalid-field", "400006");
    expect_refused(link_that_has_ended({0, 0, 0, 16, 2, 0, 0, 0, 0, 0x53, detach, 0xc0, 3, 1, 0x52, 9}), "amqp:session:unattached-handle",
                   "400006");

    auto& without_performative = connect_device("dev1");
    without_performative.slip_in({0, 0, 0, 12, 2, 0, 0, 0, 0, 0x53, unknown, 0x45});
    settle();
    expect_refused(closed(without_performative), "amqp:decode-error", "400006");
    auto& too_short = connect();
    too_short.slip_in({0, 0, 0, 7, 2, 0, 0, 0});
    settle();
    expect_refused(closed(too_short), "amqp:connection:framing-error", "400006");
}

TEST_F(refusals_test, a_hub_that_stops) {
    auto& client = connect_device("dev1");
    sender(client, std::string(events));
    client.peer().say_goodbye();
    settle();
    expect_refused(closed(client), "amqp:connection:forced", "503005");
}

TEST_F(refusals_test, a_hub_that_stops_says_so_once_however_long_the_peer_takes_to_answer) {
    auto& client = connect_device("dev1");
    for (int turn = 0; turn < 3; ++turn)
        client.peer().say_goodbye();
    settle();
    EXPECT_EQ(log.lines_with("The hub is stopping."), 1);
}

} // namespace
} // namespace capstan::test
