// Feedback as services get it: contract/semantics.md, section 2; contract/iothub-amqp.md, 7.1.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "hub/commands/command_message.hpp"
#include "hub/registry/registry.hpp"
#include "unit/hub/commands_fixture.hpp"

namespace capstan::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::SizeIs;

/// As .NET's Guid writes 16 octets: the first three groups from the right.
std::string dotnet_guid(bytes_view octets) {
    std::string text;
    for (const int each : {3, 2, 1, 0, -1, 5, 4, -1, 7, 6, -1, 8, 9, -1, 10, 11, 12, 13, 14, 15})
        text += each < 0 ? "-" : fmt::format("{:02x}", octets[static_cast<std::size_t>(each)]);
    return text;
}

class feedback_test : public commands_fixture {
protected:
    void store_records(std::size_t count) {
        store->commands().remove("dev1", {}, std::vector(count, feedback_of_now("m")), {queue, [](const auto&) {}});
        instance->feedback().arrived();
        settle();
    }
    hub_client& read() {
        auto& reader = connect_service();
        receiver(reader, "/messages/serviceBound/feedback", 10);
        return reader;
    }
    static boost::json::array records(const hub_client& reader, std::size_t index) {
        const auto body = amqp::message_view::parse(reader.news.messages.at(index).payload)->joined_data();
        return boost::json::parse(std::string(body.begin(), body.end())).as_array();
    }
    std::vector<std::string> told() {
        std::vector<std::string> all;
        for (const auto& each : feedback())
            all.push_back(std::string(each.at("originalMessageId").as_string()) + ' ' + std::string(each.at("statusCode").as_string()));
        return all;
    }
    void remove(const std::string& id) {
        instance->registry().remove(id, store::must_exist{}, queue, [](const auto& removed) { EXPECT_TRUE(removed); });
        settle();
    }
    void add_again(const std::string& id, const std::string& generation) {
        store::device device;
        device.id = id;
        device.generation_id = generation;
        device.primary_key = device.secondary_key = device_key;
        store->devices().put(device, store::must_not_exist{}, {queue, [](const auto& added) { EXPECT_TRUE(added); }});
        settle();
    }
};

TEST_F(feedback_test, a_batch_is_cut_at_64_records_and_the_rest_after_15_seconds) {
    auto& reader = read();
    advance(1h);
    store_records(1); // cut at once: the last one was long ago
    ASSERT_EQ(reader.news.messages.size(), 1u);
    store_records(63);
    EXPECT_EQ(reader.news.messages.size(), 1u);
    store_records(3);
    ASSERT_EQ(reader.news.messages.size(), 2u);
    EXPECT_THAT(records(reader, 1), SizeIs(64));
    advance(14s);
    EXPECT_EQ(reader.news.messages.size(), 2u);
    advance(1s);
    ASSERT_EQ(reader.news.messages.size(), 3u);
    EXPECT_THAT(records(reader, 2), SizeIs(2));
}

TEST_F(feedback_test, a_batch_has_all_that_clients_read) {
    store_records(1);
    advance(5s);
    auto& reader = read();
    ASSERT_EQ(reader.news.messages.size(), 1u);
    const auto view = amqp::message_view::parse(reader.news.messages[0].payload);
    const auto properties = amqp::read_properties(view->properties().content);
    EXPECT_EQ(properties->content_type, "application/vnd.microsoft.iothub.feedback.json");
    ASSERT_TRUE(properties->user_id);
    EXPECT_EQ(amqp::as_text(*properties->user_id), "hub");
    const auto annotations = amqp::decode_value(view->message_annotations().content);
    const auto* enqueued = annotations->get<amqp::map>()->find("iothub-enqueuedtime");
    ASSERT_TRUE(enqueued && enqueued->get<amqp::timestamp>());
    EXPECT_EQ(enqueued->get<amqp::timestamp>()->milliseconds, clock.now().time_since_epoch().count()) << "when the batch was made";
    EXPECT_EQ(annotations->get<amqp::map>()->entries.size(), 1u);
}

TEST_F(feedback_test, a_record_has_these_members_and_no_others) {
    say("m1");
    answer(listen(), 0, amqp::delivery_state::accepted());
    const auto record = feedback().at(0).as_object();
    std::vector<std::string> names;
    for (const auto& member : record)
        names.emplace_back(member.key());
    std::ranges::sort(names);
    EXPECT_THAT(names, ElementsAre("description", "deviceGenerationId", "deviceId", "enqueuedTimeUtc", "originalMessageId", "statusCode"));
    EXPECT_EQ(record.at("description"), record.at("statusCode"));
}

TEST_F(feedback_test, delivery_tags_are_lock_tokens_as_dotnet_reads_them) {
    say("m1");
    auto& device = listen();
    ASSERT_EQ(device.news.messages.size(), 1u);
    const auto& tag = device.news.messages[0].tag;
    ASSERT_EQ(tag.size(), 16u);
    const auto view = amqp::message_view::parse(device.news.messages[0].payload);
    const auto annotations = amqp::decode_value(view->message_annotations().content);
    EXPECT_EQ(annotations->get<amqp::map>()->find("x-opt-lock-token")->text(), dotnet_guid(tag));
    answer(device, 0, amqp::delivery_state::accepted());
    EXPECT_EQ(read().news.messages.at(0).tag.size(), 16u);
}

TEST(lock_token_text, is_that_of_a_dotnet_guid) {
    const hub::lock_token token{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    EXPECT_EQ(hub::token_text(token), "03020100-0504-0706-0809-0a0b0c0d0e0f");
    EXPECT_EQ(hub::token_from_text("03020100-0504-0706-0809-0a0b0c0d0e0f"), token);
}

TEST_F(feedback_test, tells_of_too_many_deliveries) {
    say("m1");
    auto& device = listen(100);
    for (std::size_t count = 0; count < settings.max_delivery_count; ++count) {
        ASSERT_EQ(device.news.messages.size(), count + 1);
        EXPECT_EQ(stored_feedback(), 0u);
        answer(device, count, amqp::delivery_state::released());
    }
    EXPECT_EQ(device.news.messages.size(), settings.max_delivery_count);
    EXPECT_THAT(told(), ElementsAre("m1 DeliveryCountExceeded"));
}

TEST_F(feedback_test, tells_of_a_purge_to_those_who_want_to_hear_of_failures) {
    for (const auto* ack : {"none", "positive", "negative", "full"})
        say(ack, ack);
    listen(1); // one of them is locked
    std::optional<std::size_t> purged;
    instance->commands().purge("dev1", queue, [&](std::optional<std::size_t> count) { purged = count; });
    settle();
    EXPECT_EQ(purged, 4u);
    EXPECT_THAT(told(), ElementsAre("negative Purged", "full Purged"));
}

TEST_F(feedback_test, of_a_deleted_device_is_lost) {
    add_device("dev2");
    add_device("dev1/m");
    const std::pair<const char*, const char*> sent[] = {{"dev1", "/devices/dev1/messages/devicebound"},
                                                        {"m", "/devices/dev1/modules/m/messages/devicebound"},
                                                        {"dev2", "/devices/dev2/messages/devicebound"}};
    for (const auto& [id, to] : sent)
        say(id, "full", to);
    for (const auto* holder : {"dev1", "dev1/m", "dev2"})
        instance->commands().purge(holder, queue, [](std::optional<std::size_t>) {});
    settle();
    EXPECT_EQ(stored_feedback(), 3u);
    remove("dev1");
    EXPECT_THAT(told(), ElementsAre("dev2 Purged"));
    EXPECT_EQ(stored_feedback(), 1u) << "the batch is not settled yet";
}

TEST_F(feedback_test, is_not_that_of_a_later_device_of_the_same_name) {
    store_records(2);
    remove("dev1");
    add_again("dev1", "2");
    auto& reader = read();
    EXPECT_TRUE(reader.news.messages.empty());
    EXPECT_EQ(stored_feedback(), 0u);
    say("new");
    answer(listen(), 0, amqp::delivery_state::accepted());
    ASSERT_EQ(reader.news.messages.size(), 1u);
    EXPECT_EQ(records(reader, 0).at(0).at("deviceGenerationId"), "2");
}

/// What is in a batch goes on its way.
TEST_F(feedback_test, in_a_batch_outlives_its_device) {
    store_records(1);
    auto& reader = read();
    remove("dev1");
    answer(reader, 0, amqp::delivery_state::released());
    EXPECT_EQ(reader.news.messages.size(), 2u);
}

} // namespace
} // namespace capstan::test
