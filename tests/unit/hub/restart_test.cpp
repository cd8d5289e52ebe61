// What a hub finds again after a restart, by the clock that went on meanwhile: waiting commands with their numbers, deliveries and
// expiry, a lock that nobody holds any more, and feedback that was not fetched.

#include "unit/hub/commands_fixture.hpp"

namespace capstan::test {
namespace {

using namespace std::chrono_literals;
using shape = amqp::delivery_state::shape;

class restart_test : public commands_fixture {
protected:
    /// Another hub on the same store; every connection is lost.
    void restart(std::chrono::milliseconds down) {
        clients.clear();
        session.clear();
        service = nullptr;
        drain_all();
        instance.reset();
        clock.advance(down);
        instance.emplace(settings, policies, *store, clock, std::vector<run_queue*>{&queue});
        settle();
    }
    static std::string id_of(const hub_client::heard::message& message) {
        const auto view = amqp::message_view::parse(message.payload);
        return amqp::id_text(amqp::read_properties(view->properties().content)->message_id);
    }
    static std::string annotation(const hub_client::heard::message& message, std::string_view name) {
        const auto view = amqp::message_view::parse(message.payload);
        const auto all = amqp::decode_value(view->message_annotations().content);
        const auto* found = all->get<amqp::map>()->find(name);
        return found ? amqp::to_text(*found) : "";
    }
};

TEST_F(restart_test, all_goes_on_where_it_was) {
    for (const auto* id : {"done", "abandoned", "locked", "waiting"})
        ASSERT_EQ(say(id).what, shape::accepted);
    auto& device = listen(4);
    ASSERT_EQ(device.news.messages.size(), 4u);
    device.engine().set_credit(device.news.messages[0].link, 0);
    answer(device, 0, amqp::delivery_state::accepted());
    answer(device, 1, amqp::delivery_state::released());
    answer(device, 3, amqp::delivery_state::released());
    const auto stale = device.news.messages[2].tag;
    ASSERT_EQ(stored_feedback(), 1u);
    ASSERT_EQ(instance->commands().waiting("dev1"), 3u);

    restart(10min);
    EXPECT_EQ(instance->commands().waiting("dev1"), 3u);
    auto& again = listen(10);
    ASSERT_EQ(again.news.messages.size(), 3u) << "the lock did not outlive the link that held it";
    const std::pair<const char*, std::string> expected[] = {{"abandoned", "1"}, {"locked", "0"}, {"waiting", "1"}};
    for (std::size_t index = 0; index < 3; ++index) {
        EXPECT_EQ(id_of(again.news.messages[index]), expected[index].first);
        EXPECT_NE(annotation(again.news.messages[index], "iothub-deliverycount").find(expected[index].second), std::string::npos);
    }
    EXPECT_NE(again.news.messages[1].tag, stale);
    ASSERT_EQ(say("new").what, shape::accepted);
    ASSERT_EQ(again.news.messages.size(), 4u);
    EXPECT_NE(annotation(again.news.messages[3], "x-opt-sequence-number").find('5'), std::string::npos) << "numbers go on";
    answer(again, 0, amqp::delivery_state::rejected({}));

    restart(40min); // the first four have ten minutes left
    EXPECT_EQ(feedback().size(), 2u) << "done and abandoned, from both lives before";
    restart(11min);
    advance(1s);
    auto& last = listen(10);
    ASSERT_EQ(last.news.messages.size(), 1u) << "the others have expired while no hub ran, and since";
    EXPECT_EQ(id_of(last.news.messages[0]), "new");
    EXPECT_EQ(dead_letters().size(), 3u);
    std::vector<std::string> told;
    for (const auto& each : feedback())
        told.push_back(std::string(each.at("originalMessageId").as_string()) + ' ' + std::string(each.at("statusCode").as_string()));
    EXPECT_EQ(told, (std::vector<std::string>{"abandoned Rejected", "locked Expired", "waiting Expired"}))
        << "the first one's feedback was an hour old";
}

} // namespace
} // namespace capstan::test
