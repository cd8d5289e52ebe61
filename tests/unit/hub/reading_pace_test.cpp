// Readers that catch up give way to telemetry that presses, and never stand still for it.

#include "hub/telemetry/reading_pace.hpp"

#include "support/hub_fixture.hpp"

namespace capstan::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t much = 1 << 20;

TEST(reading_pace, nobody_waits_while_the_store_keeps_up) {
    hub::intake intake;
    hub::reading_pace pace;
    intake.begins(much / 8);
    pace.begins(intake);
    pace.has_read(1000 * much);
    EXPECT_TRUE(pace.may_read(intake, 100));
}

TEST(reading_pace, what_has_come_in_since_is_shared_by_all) {
    hub::intake intake;
    hub::reading_pace pace;
    intake.begins(100 * much);
    EXPECT_TRUE(pace.may_read(intake, 3)) << "the first is free";
    pace.begins(intake);
    pace.has_read(much);
    EXPECT_FALSE(pace.may_read(intake, 3));
    intake.ends(3 * much - 1);
    EXPECT_FALSE(pace.may_read(intake, 3));
    intake.ends(1);
    EXPECT_TRUE(pace.may_read(intake, 3));
    EXPECT_FALSE(pace.may_read(intake, 4));
    pace.let_go();
    EXPECT_TRUE(pace.may_read(intake, 4));
}

TEST(reading_pace, it_is_over_when_the_store_has_caught_up) {
    hub::intake intake;
    hub::reading_pace pace;
    intake.begins(much);
    pace.begins(intake);
    pace.has_read(100 * much);
    EXPECT_FALSE(pace.may_read(intake, 1));
    intake.ends(much);
    EXPECT_TRUE(pace.may_read(intake, 1));
}

TEST(intake, tells_those_who_wait_when_nothing_presses_any_more) {
    hub::intake intake;
    manual_run_queue queue;
    int told = 0;
    intake.begins(2 * much);
    intake.when_relieved(queue, [&] { ++told; });
    intake.when_relieved(queue, [&] { ++told; });
    intake.ends(much);
    queue.drain();
    EXPECT_EQ(told, 0) << "it presses still";
    intake.ends(much);
    EXPECT_EQ(told, 0) << "not inside the call";
    queue.drain();
    EXPECT_EQ(told, 2);
    intake.when_relieved(queue, [&] { ++told; });
    queue.drain();
    EXPECT_EQ(told, 3) << "at once";
    intake.begins(much);
    intake.ends(much);
    queue.drain();
    EXPECT_EQ(told, 3) << "once each";
}

TEST(intake, keeps_no_more_tasks_than_it_says) {
    hub::intake intake;
    manual_run_queue queue;
    std::size_t told = 0, taken = 0;
    intake.begins(much);
    while (intake.when_relieved(queue, [&] { ++told; }) && taken < 1'000'000)
        ++taken;
    EXPECT_LT(taken, 100'000u);
    intake.ends(much);
    queue.drain();
    EXPECT_EQ(told, taken);
    EXPECT_TRUE(intake.when_relieved(queue, [] {})) << "there is room again";
}

class paced_reader_test : public hub_fixture {
protected:
    static constexpr std::uint32_t sent = 5000; ///< more than a block holds

    paced_reader_test() {
        add_device("thermometer");
        device = &connect_device("thermometer");
        to_hub = sender(*device, "/devices/thermometer/messages/events");
        for (std::uint32_t burst = 0; burst < sent / 500; ++burst)
            send(500);
        partition = store->telemetry().state(0).next > 0 ? 0 : 1;
        EXPECT_EQ(store->telemetry().state(partition).next, sent);
    }

    void send(int count, const std::string& body = "21.5", const std::vector<amqp::link_id>& also_on = {}) {
        amqp::bytes octets;
        amqp::message_builder(octets).data(body);
        const amqp::bytes_view message = octets;
        auto links = also_on;
        links.push_back(to_hub);
        for (const auto link : links)
            for (int number = 0; number < count; ++number)
                EXPECT_TRUE(device->engine().send(link, as_bytes("t"), {&message, 1}, {.settled = true}));
        settle();
    }
    std::size_t read() const { return service->news.messages.size(); }
    void attach_reader() {
        service = &connect_service();
        receiver(*service, "/hub/ConsumerGroups/$Default/Partitions/" + std::to_string(partition), 4 * sent);
    }

    hub_client* device;
    hub_client* service = nullptr;
    amqp::link_id to_hub;
    store::partition_id partition;
};

TEST_F(paced_reader_test, reads_a_block_for_what_comes_in_or_for_each_second) {
    instance->intake().begins(4 * much);
    attach_reader();
    const auto block = read();
    EXPECT_GT(block, 0u);
    EXPECT_LT(block, sent);
    send(1);
    EXPECT_EQ(read(), block) << "too little has come in";
    instance->intake().ends(much);
    send(1); // a commit to the partition: it looks again
    EXPECT_EQ(read(), 2 * block);
    advance(1s);
    EXPECT_EQ(read(), 3 * block);
    instance->intake().ends(3 * much);
    settle();
    EXPECT_EQ(read(), sent + 2) << "nothing presses any more";
}

TEST_F(paced_reader_test, shares_with_the_others) {
    instance->intake().begins(100 * much);
    attach_reader();
    receiver(connect_service(), "/hub/ConsumerGroups/$Default/Partitions/1", 1);
    receiver(connect_service(), "/hub/ConsumerGroups/$Default/Partitions/1", 1);
    const auto block = read();
    const auto size = 256 * 1024; // of a block, at most
    instance->intake().ends(size);
    send(1);
    const auto with_a_third = read();
    instance->intake().ends(2 * size);
    send(1);
    EXPECT_EQ(with_a_third, block);
    EXPECT_EQ(read(), 2 * block);
}

TEST_F(paced_reader_test, at_the_tail_it_waits_for_nothing) {
    attach_reader();
    instance->intake().begins(100 * much);
    for (int burst = 1; burst <= 3; ++burst) {
        send(500);
        EXPECT_EQ(read(), sent + burst * 500u);
    }
}

// Until its answers have been heard, what has been committed counts as waiting.
TEST_F(paced_reader_test, large_commits_by_themselves_press_nobody_for_long) {
    const auto another = sender(*device, "/devices/thermometer/messages/events");
    attach_reader();
    for (int burst = 1; burst <= 3; ++burst) {
        send(900, std::string(1024, 'x'), {another});
        EXPECT_EQ(read(), sent + burst * 1800u);
    }
    EXPECT_GT(instance->intake().ended(), 3u * 1800 * 1024);
    EXPECT_FALSE(instance->intake().presses());
}

TEST_F(paced_reader_test, is_as_fast_as_ever_when_nothing_presses) {
    attach_reader();
    EXPECT_EQ(read(), sent);
}

} // namespace
} // namespace capstan::test
