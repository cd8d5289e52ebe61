// Commands that died: kept with their reason, for a while, and sent again.

#include "unit/hub/commands_fixture.hpp"

namespace capstan::test {
namespace {

using namespace std::chrono_literals;

class dead_letters_test : public commands_fixture {};

TEST_F(dead_letters_test, what_dies_is_kept_with_its_reason) {
    settings.max_delivery_count = 1;
    for (const char* id : {"rejected", "abandoned", "completed"})
        say(id, "none");
    auto& device = listen();
    answer(device, 0, amqp::delivery_state::rejected({}));
    answer(device, 1, amqp::delivery_state::released());
    answer(device, 2, amqp::delivery_state::accepted());
    say("expired", "none");
    device.engine().detach(device.news.messages[0].link);
    hub_fixture::settle();
    advance(settings.command_ttl + 1s);
    const auto dead = dead_letters();
    ASSERT_EQ(dead.size(), 3u);
    EXPECT_EQ(dead[0].message_id, "rejected");
    EXPECT_EQ(dead[0].died_of, store::feedback_status::rejected);
    EXPECT_EQ(dead[1].died_of, store::feedback_status::delivery_count_exceeded);
    EXPECT_EQ(dead[2].message_id, "expired");
    EXPECT_EQ(dead[2].died_of, store::feedback_status::expired);
    EXPECT_EQ(dead[2].died, clock.now());
}

TEST_F(dead_letters_test, a_dead_letter_can_be_sent_again) {
    say("m1");
    auto& device = listen();
    answer(device, 0, amqp::delivery_state::rejected({}));
    const auto dead = dead_letters();
    ASSERT_EQ(dead.size(), 1u);
    EXPECT_EQ(requeue(dead[0].sequence + 1), "amqp:not-found");
    EXPECT_EQ(requeue(dead[0].sequence), std::nullopt);
    EXPECT_TRUE(dead_letters().empty());
    ASSERT_EQ(device.news.messages.size(), 2u);
    EXPECT_EQ(amqp::as_text(amqp::message_view::parse(device.news.messages[1].payload)->joined_data()), "do it");
    EXPECT_EQ(requeue(dead[0].sequence), "amqp:not-found");
}

TEST_F(dead_letters_test, a_dead_letter_stays_while_the_queue_is_full) {
    settings.command_queue_depth = 1;
    say("m1");
    auto& device = listen(1);
    answer(device, 0, amqp::delivery_state::rejected({}));
    say("m2");
    EXPECT_EQ(requeue(dead_letters().at(0).sequence), "amqp:resource-limit-exceeded");
    EXPECT_EQ(dead_letters().size(), 1u);
}

TEST_F(dead_letters_test, dead_letters_are_few_and_end) {
    settings.dead_letters = 2;
    auto& device = listen(100);
    for (std::size_t index = 0; index < 4; ++index) {
        say("m" + std::to_string(index), "none");
        answer(device, index, amqp::delivery_state::rejected({}));
    }
    const auto dead = dead_letters();
    ASSERT_EQ(dead.size(), 2u);
    EXPECT_EQ(dead[0].message_id, "m2");
    advance(settings.dead_letter_life + 1s);
    EXPECT_TRUE(dead_letters().empty());
}

TEST_F(dead_letters_test, dead_letters_may_be_unwanted) {
    settings.dead_letters = 0;
    say("m1", "none");
    answer(listen(), 0, amqp::delivery_state::rejected({}));
    EXPECT_TRUE(dead_letters().empty());
}

} // namespace
} // namespace capstan::test
