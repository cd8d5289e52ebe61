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
    pace.has_read(1000 * much, intake);
    EXPECT_TRUE(pace.may_read(intake, 100));
}

TEST(reading_pace, what_has_come_in_since_is_shared_by_all) {
    hub::intake intake;
    hub::reading_pace pace;
    intake.begins(100 * much);
    EXPECT_TRUE(pace.may_read(intake, 3)) << "the first is free";
    pace.has_read(much, intake);
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
    pace.has_read(100 * much, intake);
    EXPECT_FALSE(pace.may_read(intake, 1));
    intake.ends(much);
    EXPECT_TRUE(pace.may_read(intake, 1));
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

    void send(int count) {
        for (int number = 0; number < count; ++number)
            EXPECT_TRUE(device->engine().send(to_hub, as_bytes("t"), {&message, 1}, {.settled = true}));
        settle();
    }
    std::size_t read() const { return service->news.messages.size(); }
    void attach_reader() {
        service = &connect_service();
        receiver(*service, "/hub/ConsumerGroups/$Default/Partitions/" + std::to_string(partition), 2 * sent);
    }

    hub_client* device;
    hub_client* service = nullptr;
    amqp::link_id to_hub;
    store::partition_id partition;
    amqp::bytes octets = [] {
        amqp::bytes out;
        amqp::message_builder(out).data(std::string_view("21.5"));
        return out;
    }();
    amqp::bytes_view message = octets;
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
    send(1);
    EXPECT_EQ(read(), sent + 3) << "nothing presses any more";
}

TEST_F(paced_reader_test, is_as_fast_as_ever_when_nothing_presses) {
    attach_reader();
    EXPECT_EQ(read(), sent);
}

} // namespace
} // namespace capstan::test
