// Part 2, section 2.6.12 and 2.7.6: what becomes of deliveries.
#include "conformance/opening.hpp"

namespace capstan::amqp::test {
namespace {

/// Deliveries 0 to count-1 on link 1, not settled, and credit for more.
amqp_script sent_deliveries(int count) {
    auto script = outgoing_link();
    script.peer_sends("flow[1, 2048, 0, 2048, 0, 0, 100]");
    script.expect_event("opened peer").expect_event("attached 1 by peer").expect_event("credited 1");
    for (int index = 0; index < count; ++index)
        script.owner(sends("x")).expect("transfer[0, " + std::to_string(index) + ", <74>, 0, false, false] + \"x\"");
    return script;
}

TEST(Disposition, OfOneDelivery) {
    sent_deliveries(2)
        .peer_sends("disposition[true, 1, ~, true, accepted[]]")
        .expect_event("disposed 1 1..1 accepted settled")
        .check_every_cut();
}

TEST(Disposition, OfARange) {
    sent_deliveries(5)
        .peer_sends("disposition[true, 1, 3, true, released[]]")
        .expect_event("disposed 1 1..3 released settled")
        .check_every_cut();
}

TEST(Disposition, OfARangeThatReachesFartherThanWhatWasSent) {
    sent_deliveries(3)
        .peer_sends("disposition[true, 1, 2000000000, true, accepted[]]")
        .expect_event("disposed 1 1..2 accepted settled")
        .check_every_cut();
}

TEST(Disposition, OfWhatWasSettledBeforeIsPassedOver) {
    sent_deliveries(4)
        .peer_sends({"disposition[true, 1, ~, true, accepted[]]", "disposition[true, 0, 3, true, accepted[]]",
                     "disposition[true, 0, 3, true, accepted[]]", "disposition[true, 77, ~, true]"})
        .expect_event("disposed 1 1..1 accepted settled")
        .expect_event("disposed 1 0..0 accepted settled")
        .expect_event("disposed 1 2..3 accepted settled")
        .check_every_cut();
}

TEST(Disposition, WhoseRangeIsReversedClosesTheConnection) {
    sent_deliveries(3)
        .peer_sends("disposition[true, 2, 1, true]")
        .expect(R"(close[error['amqp:invalid-field', _]])")
        .expect_event("closed amqp:invalid-field")
        .check();
}

TEST(Disposition, OfOurSettledDeliveriesIsPassedOver) {
    outgoing_link()
        .peer_sends("flow[1, 2048, 0, 2048, 0, 0, 100]")
        .owner(sends("x", true))
        .expect("transfer[0, 0, <74>, 0, true] + \"x\"")
        .peer_sends("disposition[true, 0, ~, true, accepted[]]")
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("credited 1")
        .check();
}

TEST(Disposition, TellsEveryState) {
    sent_deliveries(6)
        .peer_sends({"disposition[true, 0, ~, true]", "disposition[true, 1, ~, true, rejected[error['amqp:not-allowed', \"no\"]]]",
                     "disposition[true, 2, ~, true, rejected[]]", "disposition[true, 3, ~, true, modified[true, false]]",
                     "disposition[true, 4, ~, false, received[0, 0]]", "disposition[true, 5, ~, true, 0x34[<00>]]"})
        .expect_event("disposed 1 0..0 none settled")
        .expect_event("disposed 1 1..1 rejected amqp:not-allowed settled")
        .expect_event("disposed 1 2..2 rejected settled")
        .expect_event("disposed 1 3..3 modified settled")
        .expect_event("disposed 1 4..4 received")
        .expect_event("disposed 1 5..5 other settled")
        .check_every_cut();
}

TEST(Disposition, WithWrongFieldsClosesTheConnection) {
    for (const std::string_view frame :
         {"disposition[]", "disposition[true]", "disposition[~, 0]", "disposition[1, 0]", "disposition[true, \"0\"]",
          "disposition[true, 0, ~, 1]", "disposition[true, 0, ~, true, \"accepted\"]", "disposition[true, 0, ~, true, [1]]"}) {
        SCOPED_TRACE(frame);
        begun_session().peer_sends(frame).expect(R"(close[error['amqp:invalid-field', _]])").check();
    }
}

/// Receiver-settle-mode second: the receiver states the outcome, we settle, then it is forgotten.
TEST(Disposition, ThatIsNotSettledWaitsForOurs) {
    sent_deliveries(3)
        .peer_sends("disposition[true, 0, 2, false, accepted[]]")
        .expect_event("disposed 1 0..2 accepted")
        .owner([](connection& engine) { engine.confirm(link_id{1}, delivery_id{0}, delivery_id{2}, delivery_state::accepted()); })
        .expect("disposition[false, 0, 2, true, accepted[], false]")
        .peer_sends("disposition[true, 0, 2, true, accepted[]]")
        .check_every_cut();
}

TEST(Disposition, OfDeliveriesOnSeveralLinksIsToldPerLink) {
    const auto send_on = [](std::uint32_t link) {
        return [link](connection& engine) {
            const auto piece = as_bytes("x");
            EXPECT_TRUE(engine.send(link_id{link}, as_bytes("t"), {&piece, 1}));
        };
    };
    outgoing_link()
        .peer_sends({R"(attach["two", 1, true, ~, ~, source["a"], target["b"]])", "flow[1, 9, 0, 9, 0, 0, 9]", "flow[1, 9, 0, 9, 1, 0, 9]"})
        .expect(R"(attach["two", 1, false])")
        .owner(send_on(1))
        .expect("transfer[0, 0] + \"x\"")
        .owner(send_on(2))
        .expect("transfer[1, 1] + \"x\"")
        .owner(send_on(2))
        .expect("transfer[1, 2] + \"x\"")
        .owner(send_on(1))
        .expect("transfer[0, 3] + \"x\"")
        .peer_sends("disposition[true, 0, 3, true, accepted[]]")
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("attached 2 by peer")
        .expect_event("credited 1")
        .expect_event("credited 2")
        .expect_event("disposed 1 0..0 accepted settled")
        .expect_event("disposed 2 1..2 accepted settled")
        .expect_event("disposed 1 3..3 accepted settled")
        .check_every_cut();
}

/// Nothing is heard any more of a link that the owner has given up, also when several events come from one frame.
TEST(Disposition, OfADetachedLinkIsNotTold) {
    sent_deliveries(3)
        .owner([](connection& engine) { engine.detach(link_id{1}); })
        .expect("detach[0, true]")
        .peer_sends({"disposition[true, 0, 2, true, accepted[]]", "detach[0, true]"})
        .check_every_cut();
}

// --- deliveries that we receive

TEST(Settlement, OfOneDelivery) {
    incoming_link()
        .peer_sends("transfer[0, 7, <00>, 0, false] + \"x\"")
        .owner([](connection& engine) { engine.settle(link_id{1}, delivery_id{7}, delivery_id{7}, delivery_state::accepted()); })
        .expect("disposition[true, 7, ~, true, accepted[], false]")
        .check_every_cut();
}

TEST(Settlement, OfARangeIsOneFrame) {
    incoming_link()
        .peer_sends({"transfer[0, 4294967295, <00>] + \"x\"", "transfer[0, 0, <01>] + \"y\""})
        .owner([](connection& engine) {
            const delivery_id first{4294967295}, last{0};
            EXPECT_FALSE(engine.settle(link_id{1}, last, first, delivery_state::accepted()));
            EXPECT_TRUE(engine.settle(link_id{1}, first, last, delivery_state::rejected({"amqp:not-allowed", "no"})));
        })
        .expect(R"(disposition[true, 4294967295, 0, true, rejected[error['amqp:not-allowed', "no"]]])")
        .check_every_cut();
}

TEST(Settlement, ByTheSenderIsToldWithTheDelivery) {
    incoming_link()
        .peer_sends({"transfer[0, 0, <00>, 0, true] + \"a\"", "transfer[0, 1, <01>, 0, false] + \"b\"", "transfer[0, 2, <02>] + \"c\"",
                     "transfer[0, 3, <03>, 0, false, true] + \"d\"", "transfer[0, ~, ~, ~, true] + \"e\""})
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("delivery 1 id=0 tag=00 \"a\" settled")
        .expect_event("delivery 1 id=1 tag=01 \"b\"")
        .expect_event("delivery 1 id=2 tag=02 \"c\"")
        .expect_event("delivery 1 id=3 tag=03 \"de\" settled") // settled midway: section 2.7.5
        .check_every_cut();
}

TEST(Settlement, InTwoStepsWhenTheModeIsSecond) {
    begun_session({.answer = {.rcv_settle_mode = 1}})
        .peer_sends(R"(attach["in", 0, false, ~, 1, source["a"], target["b"], ~, ~, 0])")
        .expect(R"(attach["in", 0, true, ~, 1])")
        .expect("flow[0, 5000, 1, 2048, 0, 0, 10]")
        .peer_sends({"transfer[0, 0, <00>] + \"x\"", "transfer[0, 1, <01>] + \"y\""})
        .owner([](connection& engine) { engine.settle(link_id{1}, delivery_id{0}, delivery_id{1}, delivery_state::accepted(), false); })
        .expect("disposition[true, 0, 1, false, accepted[]]")
        .peer_sends("disposition[false, 0, 1, true, accepted[]]")
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("delivery 1 id=0 tag=00 \"x\"")
        .expect_event("delivery 1 id=1 tag=01 \"y\"")
        .expect_event("disposed 1 0..1 accepted settled")
        .check_every_cut();
}

// --- section 2.7.5, rcv-settle-mode of a transfer

TEST(SettleModeOfADelivery, IsNotSecondOnALinkOfFirst) {
    for (const std::string_view more : {"false", "true"}) {
        SCOPED_TRACE(more);
        told_link()
            .peer_sends("transfer[0, 0, <74>, 0, false, " + std::string(more) + ", 1] + \"x\"")
            .expect(R"(detach[0, true, error['amqp:invalid-field', _]])")
            .expect_event("detached 1 amqp:invalid-field")
            .check_every_cut();
    }
    told_link().peer_sends("transfer[0, 0, <74>, 0, true, false, 1] + \"x\"").expect_event("delivery 1 id=0 tag=74 \"x\" settled").check();
    told_link().peer_sends("transfer[0, 0, <74>, 0, false, false, 0] + \"x\"").expect_event("delivery 1 id=0 tag=74 \"x\"").check();
}

/// On a link of second the sender's disposition is waited for, unless the delivery says first.
TEST(SettleModeOfADelivery, GoesBeforeTheLinks) {
    begun_session({.answer = {.rcv_settle_mode = 1}})
        .peer_sends(R"(attach["in", 0, false, ~, 1, source["here"], target["there"], ~, ~, 0])")
        .expect(R"(attach["in", 0, true, ~, 1])")
        .expect("flow[0, 5000, 1, 2048, 0, 0, 10]")
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .peer_sends({"transfer[0, 0, <00>, 0] + \"a\"", "transfer[0, 1, <01>, 0, false, false, 0] + \"b\"",
                     "transfer[0, 2, <02>, 0, false, true, 0] + \"c\"", "transfer[0] + \"d\"",
                     "transfer[0, 3, <03>, 0, false, true, 1] + \"e\"", "transfer[0] + \"f\"", "disposition[false, 0, 3, true]"})
        .expect_event("delivery 1 id=0 tag=00 \"a\"")
        .expect_event("delivery 1 id=1 tag=01 \"b\"")
        .expect_event("delivery 1 id=2 tag=02 \"cd\"")
        .expect_event("delivery 1 id=3 tag=03 \"ef\"")
        .expect_event("disposed 1 0..0 none settled")
        .expect_event("disposed 1 3..3 none settled")
        .check_every_cut();
}

} // namespace
} // namespace capstan::amqp::test
