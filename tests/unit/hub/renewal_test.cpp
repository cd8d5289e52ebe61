// A token that is renewed carries on without a break: contract/semantics.md, 5.2; contract/iothub-amqp.md, 4.6.

#include "unit/hub/commands_fixture.hpp"

namespace capstan::test {
namespace {

using namespace std::chrono_literals;
using shape = amqp::delivery_state::shape;

class renewal_test : public commands_fixture {};

TEST_F(renewal_test, nothing_that_a_device_does_notices_it) {
    auto& device = connect();
    ASSERT_EQ(put_token(device, device_token("dev1", 1h)), 200);
    const auto telemetry = sender(device, "/devices/dev1/messages/events");
    const auto commands = receiver(device, "/devices/dev1/messages/devicebound", 10);
    amqp::bytes event;
    amqp::message_builder(event).data("21.5");

    advance(45min); // when the Node SDK renews
    ASSERT_EQ(put_token(device, device_token("dev1", 1h)), 200);
    advance(19min + 30s); // the first one and its five minutes of skew end in half a minute
    device.news = {};
    ASSERT_EQ(say("m1").what, shape::accepted);
    ASSERT_EQ(device.news.messages.size(), 1u);
    send(device, telemetry, event);
    advance(45s); // the lock has a quarter of a minute left
    send(device, telemetry, event);

    EXPECT_TRUE(device.news.detached.empty());
    EXPECT_FALSE(device.news.closed);
    ASSERT_EQ(device.news.disposed.size(), 2u);
    for (const auto& each : device.news.disposed)
        EXPECT_EQ(each.state.what, shape::accepted);
    EXPECT_EQ(device.news.messages.size(), 1u) << "the lock held";
    answer(device, 0, amqp::delivery_state::accepted());
    EXPECT_EQ(feedback().at(0).at("statusCode"), "Success");
    EXPECT_TRUE(device.engine().find(commands));

    advance(1h);
    EXPECT_EQ(device.news.detached.size(), 2u) << "the second one ends too";
}

} // namespace
} // namespace capstan::test
