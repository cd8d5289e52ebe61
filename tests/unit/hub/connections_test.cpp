// Who has a place at the hub, and for how long: what a stranger may do, tokens that end, connections that nobody uses.

#include "hub/presence.hpp"
#include "hub/registry/registry.hpp"
#include "support/hub_fixture.hpp"

namespace capstan::test {
namespace {

using namespace std::chrono_literals;

amqp::bytes source_with_selector(std::string_view address, const std::string& selector) {
    amqp::map filters;
    filters.entries.emplace_back(amqp::symbol{"apache.org:selector-filter:string"}, selector);
    amqp::list fields;
    fields.elements.resize(8);
    fields.elements[0] = amqp::value(std::string(address));
    fields.elements[7] = amqp::value(std::move(filters));
    return amqp::encode(amqp::value(amqp::described(amqp::value(std::uint64_t{0x28}), amqp::value(std::move(fields)))));
}

class connections_test : public hub_fixture {
protected:
    connections_test() {
        add_device("dev1");
        add_device("dev2");
    }
    hub_client& stranger() { return connect(); }
    /// The links that were refused, by condition.
    static std::vector<std::string> refused(const hub_client& client) {
        std::vector<std::string> conditions;
        for (const auto& each : client.news.detached)
            conditions.push_back(each.error.condition);
        return conditions;
    }
    void device_put(const std::string& id, bool enabled) {
        auto device = *store->devices().find(id);
        device.enabled = enabled;
        store->devices().put(device, store::must_exist{},
                             {queue, [](const store::outcome<store::device>& result) { ASSERT_TRUE(result); }});
        settle();
    }
};

TEST_F(connections_test, a_connection_that_opens_no_link_ends_after_a_minute) {
    auto& service = connect_service();
    advance(59s);
    EXPECT_FALSE(service.news.closed);
    advance(1s);
    ASSERT_TRUE(service.news.closed);
    EXPECT_EQ(service.news.closed->error.condition, "amqp:connection:forced");
    EXPECT_NE(service.news.closed->error.description.find("60000 milliseconds"), std::string::npos);
}

TEST_F(connections_test, a_connection_ends_five_minutes_after_its_last_link) {
    auto& device = connect_device("dev1");
    const auto link = sender(device, "/devices/dev1/messages/events");
    advance(10min);
    EXPECT_FALSE(device.news.closed);
    device.engine().detach(link);
    settle();
    advance(299s);
    EXPECT_FALSE(device.news.closed);
    advance(1s);
    ASSERT_TRUE(device.news.closed);
    EXPECT_NE(device.news.closed->error.description.find("300000 milliseconds"), std::string::npos);
}

TEST_F(connections_test, who_puts_no_token_gives_the_place_back) {
    auto& client = stranger();
    EXPECT_EQ(put_token(client, "SharedAccessSignature sr=nothing"), 400);
    advance(59s);
    EXPECT_FALSE(client.news.closed);
    advance(1s);
    ASSERT_TRUE(client.news.closed);
    EXPECT_EQ(client.news.closed->error.condition, "amqp:unauthorized-access");
}

TEST_F(connections_test, a_token_of_sasl_plain_ends_its_connection) {
    auto& device = connect("dev1@sas.hub", device_token("dev1", 10min));
    sender(device, "/devices/dev1/messages/events");
    advance(15min);
    EXPECT_FALSE(device.news.closed);
    advance(1s);
    ASSERT_TRUE(device.news.closed);
    EXPECT_EQ(device.news.closed->error.condition, "amqp:unauthorized-access");
}

TEST_F(connections_test, a_token_on_cbs_ends_its_links_and_may_be_renewed) {
    auto& client = stranger();
    ASSERT_EQ(put_token(client, device_token("dev1", 10min)), 200);
    ASSERT_EQ(put_token(client, device_token("dev2", 1h)), 200);
    const auto first = sender(client, "/devices/dev1/messages/events");
    const auto second = sender(client, "/devices/dev2/messages/events");
    advance(15min + 1s);
    ASSERT_EQ(client.news.detached.size(), 1u) << "one device's end is not the other's";
    EXPECT_EQ(client.news.detached[0].link, first);
    EXPECT_FALSE(client.news.closed);
    ASSERT_EQ(put_token(client, device_token("dev1", 1h)), 200);
    sender(client, "/devices/dev1/messages/events");
    EXPECT_EQ(client.news.detached.size(), 1u);
    EXPECT_TRUE(client.engine().find(second));
}

TEST_F(connections_test, a_token_that_ends_earlier_takes_nothing_away) {
    auto& client = stranger();
    ASSERT_EQ(put_token(client, device_token("dev1", 1h)), 200);
    const auto link = sender(client, "/devices/dev1/messages/events");
    ASSERT_EQ(put_token(client, device_token("dev1", 10min)), 200);
    advance(30min);
    EXPECT_TRUE(client.news.detached.empty());
    EXPECT_TRUE(client.engine().find(link));
    advance(36min);
    EXPECT_EQ(client.news.detached.size(), 1u);
}

/// The old key's token is worth nothing once the device has another: it must not stand in the way of the new one's.
TEST_F(connections_test, a_token_by_a_new_key_counts_though_it_ends_earlier) {
    auto& client = stranger();
    ASSERT_EQ(put_token(client, device_token("dev1", 2h)), 200);
    auto device = *store->devices().find("dev1");
    device.primary_key = device.secondary_key = "bmV3IGtleSBvZiBhIGRldmljZQ==";
    store->devices().put(device, store::must_exist{}, {queue, [](const auto& changed) { ASSERT_TRUE(changed); }});
    settle();
    ASSERT_EQ(put_token(client, auth::make_sas_token("hub.local/devices/dev1", device.primary_key, "", clock.now() + 1h)), 200);
    sender(client, "/devices/dev1/messages/events");
    EXPECT_TRUE(client.news.detached.empty());
}

/// A link stands on the tokens that it was allowed by: those for its own path too.
TEST_F(connections_test, a_narrow_token_keeps_its_link_when_another_ends) {
    auto& client = stranger();
    const auto narrow =
        auth::make_sas_token("hub.local/messages/devicebound", policies.find("service")->primary_key, "service", clock.now() + 1h);
    ASSERT_EQ(put_token(client, narrow), 200);
    ASSERT_EQ(put_token(client, device_token("dev1", 10min)), 200);
    const auto commands = sender(client, "/messages/devicebound");
    sender(client, "/messages/serviceBound/feedback");
    advance(15min + 1s);
    ASSERT_EQ(client.news.detached.size(), 1u) << "the report link, which was the device's";
    EXPECT_TRUE(client.engine().find(commands));
}

TEST_F(connections_test, a_stranger_gets_few_refusals) {
    auto& client = stranger();
    for (int i = 0; i < 70 && !client.news.closed; ++i)
        sender(client, "/devices/dev1/messages/events");
    ASSERT_TRUE(client.news.closed);
    EXPECT_EQ(client.news.closed->error.condition, "amqp:unauthorized-access");
    auto& known = connect_device("dev1");
    for (int i = 0; i < 70; ++i)
        sender(known, "/devices/dev2/messages/events");
    EXPECT_FALSE(known.news.closed) << "who has signed in is only told so";
}

/// Those that are granted count too: each may bring a frame full of properties.
TEST_F(connections_test, a_stranger_has_few_links) {
    auto& client = stranger();
    for (int i = 0; i < 16; ++i)
        receiver(client, "$cbs", 1);
    EXPECT_FALSE(client.news.closed);
    receiver(client, "$cbs", 1);
    ASSERT_TRUE(client.news.closed);
    EXPECT_EQ(client.news.closed->error.condition, "amqp:unauthorized-access");
}

/// A clock that is set is no reason to end anything but tokens.
TEST_F(connections_test, idle_times_do_not_follow_the_wall_clock) {
    auto& client = stranger();
    auto& idle = connect_device("dev1");
    clock.advance(20min);
    for (auto* each : {&client, &idle}) {
        each->advance(0s);
        settle();
        EXPECT_FALSE(each->news.closed);
    }
}

TEST_F(connections_test, a_long_link_name_ends_the_connection) {
    auto& client = stranger();
    session[&client] = client.engine().open_session().value();
    amqp::attach_request request;
    request.name = std::string(1025, 'n');
    request.role = amqp::role::sender;
    request.source = amqp::encode_source("here");
    request.target = amqp::encode_target("$cbs");
    client.engine().attach(session[&client], request);
    settle();
    ASSERT_TRUE(client.news.closed);
    EXPECT_EQ(client.news.closed->error.condition, "amqp:invalid-field");
}

TEST_F(connections_test, long_addresses_are_refused) {
    auto& service = connect_service();
    receiver(service, "/messages/events/" + std::string(1100, 'x'), 1);
    EXPECT_EQ(refused(service), std::vector<std::string>{"amqp:not-found"});
}

/// A refused reader is no link: it holds nothing, and does not keep its connection.
TEST_F(connections_test, refused_readers_leave_nothing_behind) {
    auto& service = connect_service();
    const auto source = source_with_selector("/hub/ConsumerGroups/$Default/Partitions/0", "amqp.annotation.x-opt-sequence-number > '7'");
    attach(service, amqp::role::receiver, {}, 1, source);
    advance(1s);
    EXPECT_EQ(refused(service).size(), 1u);
    advance(5min);
    EXPECT_TRUE(service.news.closed);
}

/// Answers wait for credit, and each repeats its request's message-id.
TEST_F(connections_test, what_waits_for_a_strangers_credit_is_bounded) {
    auto& client = stranger();
    const auto in = receiver(client, "$cbs", 0);
    cbs[&client] = {in, sender(client, "$cbs")};
    for (int i = 0; i < 60; ++i)
        EXPECT_EQ(put_token(client, "no token", amqp::value(std::string(10'000, 'm'))), 0);
    client.news.messages.clear();
    client.engine().set_credit(in, 100);
    settle();
    EXPECT_GT(client.news.messages.size(), 8u);
    EXPECT_LT(client.news.messages.size(), 14u) << "128 KiB of them";
}

TEST_F(connections_test, requests_are_small) {
    auto& client = stranger();
    const auto out = sender(client, "$cbs");
    const auto* info = client.engine().find(out);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->max_message_size, 64u * 1024);
}

/// Azure's C# client asks for answers that are settled when they are sent.
TEST_F(connections_test, answers_are_settled_as_was_asked) {
    for (const auto& [asked, settled] : {std::pair(amqp::sender_settle_mode::settled, true),
                                         {amqp::sender_settle_mode::unsettled, false},
                                         {amqp::sender_settle_mode::mixed, false}}) {
        auto& client = stranger();
        session[&client] = client.engine().open_session().value();
        amqp::attach_request request;
        request.name = "answers";
        request.role = amqp::role::receiver;
        request.source = amqp::encode_source("$cbs");
        request.target = amqp::encode_target("here");
        request.snd_settle_mode = asked;
        request.credit = 1;
        const auto in = client.engine().attach(session[&client], request).value();
        settle();
        EXPECT_EQ(client.engine().find(in)->snd_settle_mode, static_cast<std::uint8_t>(asked));
        cbs[&client] = {amqp::link_id{1000}, sender(client, "$cbs")};
        put_token(client, device_token("dev1"));
        ASSERT_EQ(client.news.messages.size(), 1u);
        EXPECT_EQ(client.news.messages[0].settled, settled);
    }
}

TEST_F(connections_test, a_drained_link_of_answers_says_so) {
    auto& client = stranger();
    const auto in = receiver(client, "$cbs", 5);
    client.engine().set_credit(in, 5, true);
    settle();
    EXPECT_EQ(client.engine().credit_left(in), 0u);
}

TEST_F(connections_test, a_disabled_device_reports_nothing) {
    auto& device = connect_device("dev1");
    const auto link = sender(device, "/messages/serviceBound/feedback");
    ASSERT_TRUE(device.news.detached.empty());
    device_put("dev1", false);
    amqp::bytes report;
    amqp::message_properties properties;
    properties.correlation_id = amqp::value("some command");
    amqp::message_builder(report).properties(properties).data(std::string_view("x"));
    send(device, link, report);
    ASSERT_EQ(device.news.disposed.size(), 1u);
    EXPECT_EQ(device.news.disposed[0].state.what, amqp::delivery_state::shape::rejected);
    sender(device, "/messages/serviceBound/feedback");
    EXPECT_EQ(refused(device), std::vector<std::string>{"amqp:unauthorized-access"});
}

TEST_F(connections_test, a_device_that_connects_anew_ends_its_links_elsewhere) {
    const auto& policy = *policies.find("device");
    auto& gateway = connect("device@sas.root.hub", auth::make_sas_token("hub.local", policy.primary_key, policy.name, clock.now() + 1h));
    sender(gateway, "/devices/dev1/messages/events");
    sender(gateway, "/devices/dev2/messages/events");
    auto& device = connect_device("dev1");
    sender(device, "/devices/dev1/messages/events");
    EXPECT_EQ(refused(gateway), std::vector<std::string>{"amqp:link:stolen"});
    EXPECT_FALSE(gateway.news.closed) << "the other device goes on";
    receiver(device, "/devices/dev1/messages/devicebound", 1);
    EXPECT_TRUE(refused(device).empty()) << "links of one connection do not end each other";
    EXPECT_TRUE(instance->presence().find("dev1")->connected);
    settings.one_connection_per_device = false;
    sender(connect_device("dev1"), "/devices/dev1/messages/events");
    EXPECT_TRUE(refused(device).empty());
}

/// As uAMQP's SendClient and ReceiveClient do side by side: each has a connection of its own.
TEST_F(connections_test, links_of_other_types_stay) {
    auto& receiving = connect_device("dev1");
    auto& sending = connect_device("dev1");
    receiver(receiving, "/devices/dev1/messages/devicebound", 1);
    receiver(receiving, "/devices/dev1/twin", 1);
    sender(sending, "/devices/dev1/messages/events");
    sender(sending, "/devices/dev1/twin");
    EXPECT_TRUE(refused(receiving).empty());
    receiver(sending, "/devices/dev1/messages/devicebound", 1);
    EXPECT_EQ(refused(receiving), std::vector<std::string>{"amqp:link:stolen"});
    EXPECT_TRUE(refused(sending).empty());
}

TEST_F(connections_test, when_a_device_was_heard_of_is_known_to_the_second_and_kept) {
    add_device("dev7");
    auto& device = connect_device("dev7");
    const auto link = sender(device, "/devices/dev7/messages/events");
    const auto begin = clock.now();
    EXPECT_EQ(instance->presence().find("dev7")->last_activity, begin);
    advance(10s);
    amqp::bytes message;
    amqp::message_builder(message).data(std::string_view("x"));
    send(device, link, message);
    settle();
    EXPECT_EQ(instance->presence().find("dev7")->last_activity, begin + 10s);
    advance(61s);
    const auto kept = store->devices().activity("dev7");
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->last, begin + 10s);
    EXPECT_EQ(kept->connection_changed, begin);
    instance->registry().remove("dev7", store::must_exist{}, queue, [](const auto& removed) { ASSERT_TRUE(removed); });
    settle();
    add_device("dev7");
    advance(61s);
    EXPECT_FALSE(instance->presence().find("dev7").value_or(hub::presence::state()).connected);
    EXPECT_EQ(instance->presence().find("dev7").value_or(hub::presence::state()).last_activity, wall_time()) << "another device";
}

/// Changes through the registry, as REST makes them, and what becomes of a link that the device has.
TEST_F(connections_test, what_a_link_was_allowed_by_may_go) {
    settings.one_connection_per_device = false;
    const auto left_by = [&](const std::string& id, std::optional<boost::json::value> change) {
        add_device(id);
        auto& device = connect_device(id);
        const auto& policy = *policies.find("device");
        auto& by_policy =
            connect("device@sas.root.hub", auth::make_sas_token("hub.local", policy.primary_key, policy.name, clock.now() + 1h));
        sender(device, "/devices/" + id + "/messages/events");
        sender(by_policy, "/devices/" + id + "/messages/events");
        auto done = [](const std::expected<store::device, hub::registry_refusal>& result) { ASSERT_TRUE(result); };
        if (change)
            instance->registry().put(id, *std::move(change), store::must_exist{}, queue, done);
        else
            instance->registry().remove(id, store::must_exist{}, queue, done);
        settle();
        return std::pair(refused(device), refused(by_policy));
    };
    using conditions = std::vector<std::string>;
    const conditions none, cut{"amqp:unauthorized-access"};
    const boost::json::object other_keys{
        {"symmetricKey", {{"primaryKey", "b3RoZXIgb3RoZXIgb3RoZXI="}, {"secondaryKey", "bmV3IG5ldyBuZXcgbmV3IG5ldw=="}}}};
    EXPECT_EQ(left_by("harmless", boost::json::object{{"statusReason", "why not"}}), std::pair(none, none));
    EXPECT_EQ(left_by("disabled", boost::json::object{{"status", "disabled"}}), std::pair(cut, cut));
    EXPECT_EQ(left_by("removed", std::nullopt), std::pair(cut, cut));
    EXPECT_EQ(left_by("renewed", boost::json::object{{"authentication", other_keys}}), std::pair(cut, none));
}

/// The redirect names us as the client does, if that is a name of ours.
TEST_F(connections_test, a_redirect_goes_to_a_name_of_the_hubs) {
    struct row {
        std::string called, host, address;
    };
    for (const auto& [called, host, address] :
         {row{"[::1]:5671", "::1", "amqps://[::1]:5671/hub"}, row{"HUB.local", "HUB.local", "amqps://HUB.local:5671/hub"},
          row{"localhost", "localhost", "amqps://localhost:5671/hub"}, row{"evil.example", "hub.local", "amqps://hub.local:5671/hub"},
          row{"hub", "hub.local", "amqps://hub.local:5671/hub"}, row{"", "hub.local", "amqps://hub.local:5671/hub"}}) {
        auto& client = *client_settings.emplace_back(std::make_unique<amqp::settings>());
        client.container_id = "test";
        client.hostname = called;
        clients.push_back(std::make_unique<hub_client>(*instance, connections_thread, engine, client));
        settle();
        auto& service = *clients.back();
        ASSERT_EQ(put_token(service, service_token()), 200);
        receiver(service, "/messages/events", 1);
        advance(10ms);
        ASSERT_EQ(service.news.detached.size(), 1u);
        const auto info = amqp::decode_value({service.news.detached[0].error.info});
        ASSERT_TRUE(info && info->get<amqp::map>());
        EXPECT_EQ(info->get<amqp::map>()->find("hostname")->text(), host) << called;
        EXPECT_EQ(info->get<amqp::map>()->find("network-host")->text(), host) << called;
        EXPECT_EQ(info->get<amqp::map>()->find("address")->text(), address) << called;
    }
}

} // namespace
} // namespace capstan::test
