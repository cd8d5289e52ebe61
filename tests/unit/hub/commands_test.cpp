// Cloud-to-device messages and their feedback: service link, queue, device link and back, through both engines and a store.

#include "unit/hub/commands_fixture.hpp"

namespace capstan::test {
namespace {

using namespace std::chrono_literals;

class commands_test : public commands_fixture {
protected:
    using commands_fixture::commands_fixture;
};

TEST_F(commands_test, waits_for_a_device_that_is_away) {
    EXPECT_EQ(say("m1").what, amqp::delivery_state::shape::accepted);
    auto& device = listen();
    ASSERT_EQ(device.news.messages.size(), 1u);
    const auto& got = device.news.messages[0];
    EXPECT_FALSE(got.settled);
    EXPECT_EQ(got.tag.size(), 16u);
    const auto view = amqp::message_view::parse(got.payload);
    const auto properties = amqp::read_properties(view->properties().content);
    EXPECT_EQ(amqp::id_text(properties->message_id), "m1");
    EXPECT_EQ(properties->to, "/devices/dev1/messages/devicebound");
    const auto annotations = *amqp::decode_value(view->message_annotations().content)->get<amqp::map>();
    EXPECT_EQ(*annotations.find("iothub-deliverycount")->get<std::uint8_t>(), 0);
    EXPECT_EQ(*annotations.find("x-opt-sequence-number")->get<std::uint64_t>(), 1u);
    EXPECT_TRUE(annotations.find("iothub-enqueuedtime")->get<amqp::timestamp>());
    EXPECT_EQ(annotations.find("x-opt-lock-token")->get<std::string>()->size(), 36u);
    const auto texts = *amqp::decode_value(view->application_properties().content)->get<amqp::map>();
    EXPECT_EQ(*texts.find("number")->get<std::string>(), "7") << "strings only: contract/iothub-amqp.md, 6.2";
    EXPECT_EQ(*texts.find("iothub-ack")->get<std::string>(), "full");
}

TEST_F(commands_test, properties_are_any_text) {
    const std::pair<std::string_view, std::string_view> sent[] = {
        {"two words", "light blue: 7/8"}, {"caf\xc3\xa9", "\xf0\x9f\x90\x9f"}, {"lines", "a\r\nb"}, {"empty", ""}};
    amqp::message_properties properties;
    properties.to = "/devices/dev1/messages/devicebound";
    amqp::bytes encoded;
    const auto add_all = [&](amqp::map_writer& entries) {
        for (const auto& [name, value] : sent)
            entries.add(name, value);
    };
    amqp::message_builder(encoded).properties(properties).application_properties(add_all).data("x");
    auto& by = connect_service();
    send(by, sender(by, "/messages/devicebound"), encoded);
    ASSERT_EQ(by.news.disposed.at(0).state.what, amqp::delivery_state::shape::accepted);
    auto& device = listen();
    const auto view = amqp::message_view::parse(device.news.messages.at(0).payload);
    const auto got = *amqp::decode_value(view->application_properties().content)->get<amqp::map>();
    for (const auto& [name, value] : sent)
        EXPECT_EQ(got.find(name)->text(), value) << name;
}

/// The sections that a device gets behind the properties, of a command that a service sends with these.
class command_bodies_test : public commands_test {
protected:
    static amqp::bytes octets(std::initializer_list<int> of) { return {of.begin(), of.end()}; }
    amqp::bytes received(const amqp::bytes& sent_body) {
        amqp::message_properties properties;
        properties.to = "/devices/dev1/messages/devicebound";
        amqp::bytes sent;
        amqp::message_builder(sent).properties(properties);
        sent.insert(sent.end(), sent_body.begin(), sent_body.end());
        auto& by = connect_service();
        send(by, sender(by, "/messages/devicebound"), sent);
        EXPECT_EQ(by.news.disposed.at(0).state.what, amqp::delivery_state::shape::accepted);
        auto& device = listen();
        const auto payload = device.news.messages.at(0).payload;
        answer(device, 0, amqp::delivery_state::accepted());
        const auto body = amqp::message_view::parse(payload)->body();
        return {body.begin(), body.end()};
    }
};

TEST_F(command_bodies_test, data_and_texts_become_one_data_section) {
    const auto data = octets({0x00, 0x53, 0x75, 0xa0, 2, 'a', 'b'}), empty = octets({0x00, 0x53, 0x75, 0xa0, 0});
    EXPECT_EQ(received(octets({0x00, 0x53, 0x75, 0xa0, 1, 'a', 0x00, 0x53, 0x75, 0xa0, 1, 'b'})), data);
    for (const int code : {0xa0, 0xa1, 0xa3})
        EXPECT_EQ(received(octets({0x00, 0x53, 0x77, code, 2, 'a', 'b'})), data) << code;
    EXPECT_EQ(received({}), empty);
    EXPECT_EQ(received(octets({0x00, 0x53, 0x77, 0x40})), empty) << "null";
}

TEST_F(command_bodies_test, other_values_and_sequences_stay_as_they_are) {
    const auto number = octets({0x00, 0x53, 0x77, 0x54, 7});
    const auto map = octets({0x00, 0x53, 0x77, 0xc1, 6, 2, 0xa1, 1, 'k', 0x54, 7});
    const auto lists = octets({0x00, 0x53, 0x76, 0xc0, 3, 1, 0x54, 7, 0x00, 0x53, 0x76, 0x45});
    for (const auto& body : {number, map, lists})
        EXPECT_EQ(received(body), body);
    EXPECT_EQ(received(octets({0x00, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x77, 0x54, 7})), number) << "descriptors as readers know them";
}

TEST_F(commands_test, complete_gives_feedback_success) {
    say("m1");
    auto& device = listen();
    answer(device, 0, amqp::delivery_state::accepted());
    const auto records = feedback();
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].at("originalMessageId"), "m1");
    EXPECT_EQ(records[0].at("statusCode"), "Success");
    EXPECT_EQ(records[0].at("description"), "Success");
    EXPECT_EQ(records[0].at("deviceId"), "dev1");
    EXPECT_EQ(records[0].at("deviceGenerationId"), "1");
    EXPECT_EQ(records[0].at("enqueuedTimeUtc").as_string().size(), std::string_view("2015-10-29T07:59:00.9772497Z").size());
}

TEST_F(commands_test, reject_gives_feedback_rejected) {
    say("m1");
    answer(listen(), 0, amqp::delivery_state::rejected({}));
    EXPECT_EQ(feedback().at(0).at("statusCode"), "Rejected");
}

TEST_F(commands_test, nobody_is_told_who_did_not_ask) {
    say("m1", "none");
    answer(listen(), 0, amqp::delivery_state::accepted());
    EXPECT_TRUE(feedback().empty());
}

TEST_F(commands_test, release_brings_it_back_with_a_higher_count) {
    say("m1");
    auto& device = listen();
    answer(device, 0, amqp::delivery_state::released());
    ASSERT_EQ(device.news.messages.size(), 2u);
    const auto view = amqp::message_view::parse(device.news.messages[1].payload);
    const auto annotations = *amqp::decode_value(view->message_annotations().content)->get<amqp::map>();
    EXPECT_EQ(*annotations.find("iothub-deliverycount")->get<std::uint8_t>(), 1);
}

/// The .NET client does not settle, and waits for the hub to (contract/iothub-amqp.md, 6.3).
TEST_F(commands_test, an_unsettled_outcome_is_confirmed) {
    say("m1");
    auto& device = connect_device("dev1");
    session[&device] = device.engine().open_session().value();
    amqp::attach_request request;
    request.name = "second";
    request.role = amqp::role::receiver;
    request.source = amqp::encode_source("/devices/dev1/messages/deviceBound");
    request.target = amqp::encode_target("x");
    request.rcv_settle_mode = amqp::receiver_settle_mode::second;
    request.credit = 10;
    device.engine().attach(session[&device], request);
    hub_fixture::settle();
    ASSERT_EQ(device.news.messages.size(), 1u);
    answer(device, 0, amqp::delivery_state::rejected({}), false);
    ASSERT_EQ(device.news.disposed.size(), 1u);
    EXPECT_TRUE(device.news.disposed[0].settled);
    EXPECT_EQ(device.news.disposed[0].state.what, amqp::delivery_state::shape::accepted);
    EXPECT_EQ(feedback().at(0).at("statusCode"), "Rejected");
}

TEST_F(commands_test, a_device_that_goes_gives_back_what_it_held) {
    say("m1");
    auto& first = listen();
    ASSERT_EQ(first.news.messages.size(), 1u);
    first.engine().detach(first.news.messages[0].link);
    hub_fixture::settle();
    auto& second = listen();
    EXPECT_EQ(second.news.messages.size(), 1u);
}

/// Part 2, section 2.7.3: the link ends, and the command waits for another.
TEST_F(commands_test, larger_than_a_device_takes_stay_in_the_queue) {
    say("m1");
    auto& device = connect_device("dev1");
    client_settings.back()->max_message_size = 100;
    receiver(device, "/devices/dev1/messages/devicebound", 10);
    ASSERT_EQ(device.news.detached.size(), 1u);
    EXPECT_EQ(device.news.detached[0].error.condition, "amqp:link:message-size-exceeded");
    EXPECT_TRUE(device.news.messages.empty());
    auto& second = listen();
    ASSERT_EQ(second.news.messages.size(), 1u);
    const auto view = amqp::message_view::parse(second.news.messages[0].payload);
    const auto annotations = *amqp::decode_value(view->message_annotations().content)->get<amqp::map>();
    EXPECT_EQ(*annotations.find("iothub-deliverycount")->get<std::uint8_t>(), 0) << "it has not been delivered";
}

TEST_F(commands_test, credit_is_what_a_device_gets) {
    for (const auto* id : {"a", "b", "c"})
        say(id);
    auto& device = listen(2);
    EXPECT_EQ(device.news.messages.size(), 2u);
    device.engine().set_credit(device.news.messages[0].link, 1);
    hub_fixture::settle();
    EXPECT_EQ(device.news.messages.size(), 3u);
}

TEST_F(commands_test, a_drained_link_gets_what_there_is) {
    say("a");
    auto& device = listen(0);
    const auto link = device.news.attached.back();
    device.engine().set_credit(link, 5, true);
    hub_fixture::settle();
    EXPECT_EQ(device.news.messages.size(), 1u);
    EXPECT_EQ(device.engine().credit_left(link), 0u);
}

/// The session's window lets two frames through at a time: what is left of the credit is not given back before that was all.
TEST_F(commands_test, a_drained_link_gets_what_there_is_through_a_narrow_window) {
    for (const auto* id : {"a", "b", "c", "d", "e"})
        say(id);
    auto& device = connect_device("dev1");
    client_settings.back()->incoming_window = 2;
    const auto link = receiver(device, "/devices/dev1/messages/devicebound", 0);
    device.engine().set_credit(link, 10, true);
    hub_fixture::settle();
    EXPECT_EQ(device.news.messages.size(), 5u);
    EXPECT_EQ(device.engine().credit_left(link), 0u);
}

TEST_F(commands_test, what_is_with_the_store_is_in_flight) {
    say("m0");
    const auto sent = command("m1");
    const bytes_view piece = sent;
    constexpr std::uint8_t tag[] = {9};
    ASSERT_TRUE(service->engine().send(service_link, tag, {&piece, 1}, {}));
    while (service->exchange()) {}
    EXPECT_EQ(instance->bytes_in_flight(), sent.size());
    settle();
    EXPECT_EQ(instance->bytes_in_flight(), 0u);
}

TEST_F(commands_test, expires_unseen_with_feedback) {
    say("m1");
    advance(1h + 1s);
    EXPECT_EQ(feedback().at(0).at("statusCode"), "Expired");
    EXPECT_TRUE(listen().news.messages.empty());
}

TEST_F(commands_test, the_51st_is_refused) {
    for (int number = 0; number < 50; ++number)
        ASSERT_EQ(say("m").what, amqp::delivery_state::shape::accepted);
    const auto refused = say("m");
    EXPECT_EQ(refused.error.condition, "amqp:resource-limit-exceeded");
    EXPECT_NE(refused.error.description.find("403004"), std::string::npos);
}

TEST_F(commands_test, unknown_devices_are_not_found) {
    EXPECT_EQ(say("m", "full", "/devices/nobody/messages/devicebound").error.condition, "amqp:not-found");
    EXPECT_EQ(say("m", "full", "nonsense").error.condition, "amqp:not-found");
    EXPECT_EQ(say("m", "full", "").error.condition, "com.microsoft:argument-error");
    EXPECT_EQ(say("m", "loud").error.condition, "com.microsoft:argument-error");
}

TEST_F(commands_test, feedback_is_batched_by_time) {
    say("m1");
    auto& device = listen();
    answer(device, 0, amqp::delivery_state::accepted());
    auto& reader = connect_service();
    receiver(reader, "/messages/serviceBound/feedback", 10);
    EXPECT_EQ(reader.news.messages.size(), 1u);
    say("m2");
    say("m3");
    answer(device, 1, amqp::delivery_state::accepted());
    answer(device, 2, amqp::delivery_state::accepted());
    EXPECT_EQ(reader.news.messages.size(), 1u);
    advance(15s);
    ASSERT_EQ(reader.news.messages.size(), 2u);
    const auto body = amqp::message_view::parse(reader.news.messages[1].payload)->joined_data();
    EXPECT_EQ(boost::json::parse(std::string(body.begin(), body.end())).as_array().size(), 2u);
}

TEST_F(commands_test, released_feedback_comes_again) {
    say("m1");
    answer(listen(), 0, amqp::delivery_state::accepted());
    auto& reader = connect_service();
    receiver(reader, "/messages/serviceBound/feedback", 10);
    answer(reader, 0, amqp::delivery_state::released());
    EXPECT_EQ(reader.news.messages.size(), 2u);
    answer(reader, 1, amqp::delivery_state::accepted());
    EXPECT_TRUE(feedback().empty());
}

TEST_F(commands_test, feedback_comes_again_when_its_lock_runs_out) {
    say("m1");
    answer(listen(), 0, amqp::delivery_state::accepted());
    auto& reader = connect_service();
    receiver(reader, "/messages/serviceBound/feedback", 10);
    advance(59s);
    EXPECT_EQ(reader.news.messages.size(), 1u);
    advance(2s);
    ASSERT_EQ(reader.news.messages.size(), 2u);
    EXPECT_EQ(reader.news.messages[0].payload, reader.news.messages[1].payload);
    answer(reader, 0, amqp::delivery_state::accepted());
    EXPECT_EQ(stored_feedback(), 1u) << "the first lock is lost";
    answer(reader, 1, amqp::delivery_state::accepted());
    EXPECT_EQ(stored_feedback(), 0u);
}

TEST_F(commands_test, feedback_that_is_abandoned_too_often_is_lost) {
    say("m1");
    answer(listen(), 0, amqp::delivery_state::accepted());
    auto& reader = connect_service();
    receiver(reader, "/messages/serviceBound/feedback", 100);
    for (std::size_t count = 0; count < settings.feedback_max_delivery_count; ++count) {
        ASSERT_EQ(reader.news.messages.size(), count + 1);
        EXPECT_EQ(stored_feedback(), 1u);
        answer(reader, count, amqp::delivery_state::released());
    }
    EXPECT_EQ(reader.news.messages.size(), settings.feedback_max_delivery_count);
    EXPECT_EQ(stored_feedback(), 0u);
}

TEST_F(commands_test, feedback_is_shared_by_those_who_read_it) {
    for (const auto* id : {"m1", "m2"})
        say(id);
    auto& device = listen();
    std::vector<hub_client*> readers{&connect_service(), &connect_service()};
    for (auto* each : readers)
        receiver(*each, "/messages/serviceBound/feedback", 1);
    answer(device, 0, amqp::delivery_state::accepted());
    advance(15s);
    answer(device, 1, amqp::delivery_state::accepted());
    advance(15s);
    EXPECT_EQ(readers[0]->news.messages.size(), 1u);
    EXPECT_EQ(readers[1]->news.messages.size(), 1u);
}

/// What has expired while no hub ran is found by the clock, not by its device.
TEST_F(commands_test, expire_though_their_device_is_never_heard_of_again) {
    say("m1");
    clients.clear();
    session.clear();
    service = nullptr;
    drain_all();
    instance.reset();
    instance.emplace(settings, policies, *store, clock, std::vector<run_queue*>{&queue});
    advance(2h);
    const auto told = feedback();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].as_object().at("statusCode").as_string(), "Expired");
}

TEST_F(commands_test, a_device_reports_on_the_feedback_link) {
    say("m1");
    auto& device = listen();
    const auto reports = sender(device, "/messages/serviceBound/feedback");
    amqp::bytes report;
    amqp::message_properties properties;
    properties.correlation_id = amqp::value("m1");
    amqp::message_builder(report).properties(properties).application_properties([](amqp::map_writer& to) {
        to.add("iothub-outcome", std::string_view("reject"));
    });
    send(device, reports, report);
    ASSERT_EQ(device.news.disposed.size(), 1u);
    EXPECT_EQ(device.news.disposed[0].state.what, amqp::delivery_state::shape::accepted);
    EXPECT_EQ(feedback().at(0).at("statusCode"), "Rejected");
    send(device, reports, report);
    EXPECT_EQ(device.news.disposed[1].state.error.condition, "com.microsoft:message-lock-lost");
}

TEST_F(commands_test, go_with_their_device) {
    say("old");
    std::string removed;
    instance->registry().remove("dev1", store::must_exist{}, instance->queue(0), [&](const auto& device) { removed = device.value().id; });
    hub_fixture::settle();
    EXPECT_EQ(removed, "dev1");
    EXPECT_EQ(say("none").error.condition, "amqp:not-found");
    add_device("dev1");
    EXPECT_EQ(say("new").what, amqp::delivery_state::shape::accepted);
    auto& device = listen();
    ASSERT_EQ(device.news.messages.size(), 1u);
    const auto view = amqp::message_view::parse(device.news.messages[0].payload);
    EXPECT_EQ(amqp::id_text(amqp::read_properties(view->properties().content)->message_id), "new");
}

TEST_F(commands_test, a_device_may_not_send_commands) {
    auto& device = connect_device("dev1");
    sender(device, "/messages/devicebound");
    ASSERT_EQ(device.news.detached.size(), 1u);
    EXPECT_EQ(device.news.detached[0].error.condition, "amqp:unauthorized-access");
}

TEST_F(commands_test, feedback_that_nobody_fetches_in_its_time_is_lost) {
    constexpr std::size_t count = 3000; // more than the hub keeps in memory
    store->commands().remove("dev1", {}, std::vector(count, feedback_of_now("m1")), {queue, [](const auto&) {}});
    instance->feedback().arrived();
    hub_fixture::settle();
    advance(59min);
    EXPECT_EQ(stored_feedback(), count);
    say("m2");
    answer(listen(), 0, amqp::delivery_state::accepted());
    advance(1min);
    EXPECT_EQ(stored_feedback(), 1u);
    EXPECT_EQ(feedback().at(0).at("originalMessageId"), "m2");
}

TEST_F(commands_test, the_time_of_feedback_begins_with_its_outcome) {
    store->commands().remove("dev1", {}, {feedback_of_now("m1")}, {queue, [](const auto&) {}});
    instance->feedback().arrived();
    advance(50min);
    EXPECT_EQ(feedback().size(), 1u) << "a batch is cut, and not settled";
    advance(10min);
    EXPECT_EQ(stored_feedback(), 0u);
}

TEST_F(commands_test, are_refused_while_the_queue_cannot_be_read) {
    store->commands().when_loaded = store::failure{store::errc::corrupt, "the test's disk is damaged"};
    for (int number = 0; number < 5; ++number)
        EXPECT_EQ(say("m").error.condition, "amqp:internal-error");
    auto& device = listen();
    EXPECT_EQ(store->commands().loads, 1u) << "only the clock brings the next try";
    advance(1s);
    EXPECT_EQ(store->commands().loads, 2u);
    store->commands().when_loaded.reset();
    advance(1s);
    EXPECT_EQ(say("m").what, amqp::delivery_state::shape::accepted);
    EXPECT_EQ(device.news.messages.size(), 1u);
}

/// Queues and feedback on one thread, connections on another: what one thread posts reaches the other when the test says so.
class commands_across_threads_test : public commands_test {
protected:
    commands_across_threads_test() : commands_test(2) {
        while (instance->home_of(remote) != 0)
            remote += 'x';
        add_device(remote);
        address = "/devices/" + remote + "/messages/devicebound";
    }
    hub_client& listen_remotely() {
        auto& device = connect_device(remote);
        receiver(device, address, 10);
        return device;
    }
    /// The connection ends at once, without another turn of any queue.
    void cut(hub_client& client) {
        session.erase(&client);
        std::erase_if(clients, [&](const auto& each) { return each.get() == &client; });
    }

    std::string remote = "remote", address; ///< a device whose queue is on the first thread
};

TEST_F(commands_across_threads_test, a_command_on_its_way_to_a_connection_that_ends_goes_back) {
    auto& first = listen_remotely();
    store::command sent;
    sent.expires = clock.now() + 1h;
    instance->commands().enqueue(remote, sent, queue, [](const auto& error) { EXPECT_FALSE(error); });
    const auto posted = second_queue.posted();
    drain_all();
    ASSERT_GT(second_queue.posted(), posted) << "it must be on its way now";
    cut(first);
    hub_fixture::settle();
    EXPECT_EQ(listen_remotely().news.messages.size(), 1u);
}

TEST_F(commands_across_threads_test, feedback_on_its_way_to_a_connection_that_ends_goes_back) {
    auto& reader = connect_service();
    receiver(reader, "/messages/serviceBound/feedback", 10);
    store->commands().remove(remote, {}, {feedback_of_now("m1")}, {queue, [](const auto&) {}});
    instance->feedback().arrived();
    const auto posted = second_queue.posted();
    drain_all();
    ASSERT_GT(second_queue.posted(), posted) << "it must be on its way now";
    cut(reader);
    hub_fixture::settle();
    EXPECT_EQ(feedback().at(0).at("originalMessageId"), "m1");
}

} // namespace
} // namespace capstan::test
