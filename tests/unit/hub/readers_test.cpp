// Who may read a partition together, who alone, and what a reader may ask to be told. contract/event-hubs.md, sections 3.3 and 4.4.

#include "hub/telemetry/readers.hpp"
#include "support/hub_fixture.hpp"

namespace capstan::test {
namespace {

using namespace std::chrono_literals;

constexpr auto partition_0 = "/hub/ConsumerGroups/$Default/Partitions/0";

class readers_test : public hub_fixture {
protected:
    amqp::link_id attach_reader(hub_client& service, const std::string& name, std::optional<std::int64_t> epoch = {},
                                const std::string& address = partition_0) {
        if (!session.contains(&service))
            session[&service] = service.engine().open_session().value();
        amqp::map properties;
        properties.entries.emplace_back(amqp::symbol{"com.microsoft:receiver-name"}, name);
        if (epoch)
            properties.entries.emplace_back(amqp::symbol{"com.microsoft:epoch"}, *epoch);
        amqp::attach_request request;
        request.name = name + std::to_string(++links);
        request.role = amqp::role::receiver;
        request.source = amqp::encode_source(address);
        request.target = amqp::encode_target("here");
        request.properties = amqp::encode(amqp::value(std::move(properties)));
        request.desired_capabilities = capabilities;
        request.credit = 10;
        const auto link = service.engine().attach(session[&service], request).value();
        settle();
        return link;
    }
    /// How the link ended: condition and text without the tracking id; nothing when it lives.
    static std::string end_of(const hub_client& service, amqp::link_id link) {
        const auto ended = std::ranges::find(service.news.detached, link, &amqp::detached::link);
        return ended == service.news.detached.end()
                   ? ""
                   : ended->error.condition + ": " + ended->error.description.substr(0, ended->error.description.find(" TrackingId:"));
    }
    /// The same of one that was refused: the hub makes those wait.
    std::string refusal_of(const hub_client& service, amqp::link_id link) {
        advance(1s);
        return end_of(service, link);
    }
    std::vector<std::string> capabilities;
};

TEST_F(readers_test, five_share_a_partition_and_a_sixth_is_refused) {
    auto& service = connect_service();
    std::vector<amqp::link_id> five;
    for (const auto* name : {"a", "b", "", "d", "e"})
        five.push_back(attach_reader(service, name));
    auto& other = connect_service();
    EXPECT_EQ(refusal_of(other, attach_reader(other, "f")),
              "amqp:resource-limit-exceeded: Exceeded the maximum number of allowed receivers per partition in a consumer group which is "
              "5. List of connected receivers - a, b, nil, d, e.");
    EXPECT_EQ(refusal_of(other, attach_reader(other, "g", {}, "/hub/ConsumerGroups/$Default/Partitions/1")), "") << "each for itself";
    service.engine().detach(five[1]);
    settle();
    EXPECT_EQ(refusal_of(other, attach_reader(other, "h")), "") << "a place is free";
    for (const auto link : five)
        EXPECT_EQ(end_of(service, link).find("stolen"), std::string::npos);
}

TEST_F(readers_test, an_epoch_has_the_partition_for_itself) {
    auto& service = connect_service();
    const auto shared = attach_reader(service, "shared");
    const auto owner = attach_reader(service, "owner", 0);
    EXPECT_EQ(end_of(service, shared),
              "amqp:link:stolen: New receiver 'owner' with higher epoch of '0' is created hence current receiver 'shared' with epoch '-1' "
              "is getting disconnected. If you are recreating the receiver, make sure a higher epoch is used.");
    EXPECT_EQ(refusal_of(service, attach_reader(service, "late"))
                  .find("amqp:link:stolen: At least one receiver for the endpoint is "
                        "created with epoch of '0', and so non-epoch receiver is not"),
              0u);
    EXPECT_EQ(end_of(service, owner), "");
}

TEST_F(readers_test, the_higher_epoch_wins_and_so_does_the_later_of_two_that_are_equal) {
    auto& service = connect_service();
    const auto first = attach_reader(service, "first", 23);
    EXPECT_EQ(refusal_of(service, attach_reader(service, "low", 20))
                  .find("amqp:link:stolen: A receiver with a higher epoch '23' already "
                        "exists. A new receiver with epoch 20 cannot be created."),
              0u);
    EXPECT_EQ(end_of(service, first), "");
    auto& other = connect_service();
    const auto equal = attach_reader(other, "equal", 23);
    EXPECT_EQ(end_of(service, first).find("amqp:link:stolen: New receiver 'equal'"), 0u);
    const auto higher = attach_reader(service, "higher", 24);
    EXPECT_EQ(end_of(other, equal).find("amqp:link:stolen: New receiver 'higher'"), 0u);
    service.engine().detach(higher);
    settle();
    EXPECT_EQ(refusal_of(other, attach_reader(other, "again", 1)), "") << "the epoch goes with its reader";
}

TEST_F(readers_test, a_reader_is_told_about_the_partition_when_it_wants) {
    add_device("dev1");
    auto& device = connect_device("dev1");
    const auto events = sender(device, "/devices/dev1/messages/events");
    amqp::bytes message;
    amqp::message_builder(message).data(std::string_view("x"));
    for (int i = 0; i < 3; ++i)
        send(device, events, message);
    auto& service = connect_service();
    capabilities = {"com.microsoft:enable-receiver-runtime-metric"};
    for (const auto* where : {partition_0, "/hub/ConsumerGroups/$Default/Partitions/1"})
        attach_reader(service, "curious", {}, where);
    ASSERT_EQ(service.news.messages.size(), 3u) << "the device's, in whichever partition";
    for (const auto& each : service.news.messages) {
        const auto view = amqp::message_view::parse(each.payload);
        const auto told = amqp::decode_value(view->delivery_annotations().content);
        ASSERT_TRUE(told && told->get<amqp::map>());
        const auto& map = *told->get<amqp::map>();
        EXPECT_EQ(map.find("last_enqueued_sequence_number")->integer(), 2);
        EXPECT_TRUE(map.find("last_enqueued_offset")->text());
        EXPECT_EQ(map.find("last_enqueued_time_utc")->get<amqp::timestamp>()->milliseconds, clock.now().time_since_epoch().count());
        EXPECT_EQ(map.find("runtime_info_retrieval_time_utc")->get<amqp::timestamp>()->milliseconds,
                  clock.now().time_since_epoch().count());
    }
    capabilities = {};
    auto& plain = connect_service();
    for (const auto* where : {partition_0, "/hub/ConsumerGroups/$Default/Partitions/1"})
        attach_reader(plain, "plain", {}, where);
    ASSERT_EQ(plain.news.messages.size(), 3u);
    EXPECT_FALSE(bool(amqp::message_view::parse(plain.news.messages[0].payload)->delivery_annotations()));
}

TEST(readers, thousands_that_catch_up_share_the_memory_of_their_blocks) {
    hub::settings rules;
    rules.readers_max = 3000;
    hub::readers all(rules);
    const auto enter = [&] { return all.enter({"$default", 0, std::nullopt, "", nullptr, {}}).value(); };
    const auto alone = all.share();
    std::vector<hub::readers::reader_id> there;
    for (int i = 0; i < 3000; ++i)
        there.push_back(enter());
    const auto crowded = all.share();
    EXPECT_LT(crowded.bytes * there.size(), alone.bytes * 600);
    EXPECT_GE(crowded.bytes, 16u * 1024) << "a read is to be worth its while";
    EXPECT_EQ(crowded.events, alone.events);
    for (const auto each : there)
        all.leave(each);
    EXPECT_EQ(all.share().bytes, alone.bytes);
}

} // namespace
} // namespace capstan::test
