// Part 2, section 2.6.7 to 2.6.10 and 2.7.4: link credit, drain, echo.
#include "conformance/opening.hpp"

namespace capstan::amqp::test {
namespace {

auto credit_is(std::uint32_t wanted) {
    return [wanted](const connection& engine) { return engine.credit(link_id{1}) == wanted; };
}

// --- of a link on which we receive

TEST(CreditOfThePeer, IsWhatItMaySend) {
    incoming_link({.credit = 2})
        .peer_sends({"transfer[0, 0, <00>, 0, true]", "transfer[0, 1, <01>, 0, true]"})
        .peer_sends("transfer[0, 2, <02>, 0, true]")
        .expect(R"(detach[0, true, error['amqp:link:transfer-limit-exceeded', _]])")
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("delivery 1 id=0 tag=00 \"\" settled")
        .expect_event("delivery 1 id=1 tag=01 \"\" settled")
        .expect_event("detached 1 amqp:link:transfer-limit-exceeded")
        .check_every_cut();
}

TEST(CreditOfThePeer, IsNoneBeforeItIsGiven) {
    incoming_link({.credit = 0})
        .peer_sends("transfer[0, 0, <00>, 0, true]")
        .expect(R"(detach[0, true, error['amqp:link:transfer-limit-exceeded', _]])")
        .check();
    begun_session({.answers = false})
        .peer_sends({R"(attach["in", 0, false, ~, ~, source["a"], target["b"], ~, ~, 0])", "transfer[0, 0, <00>, 0, true]"})
        .expect(R"(attach["in", 0, true, ~, ~, ~, ~])")
        .expect(R"(detach[0, true, error['amqp:link:transfer-limit-exceeded', _]])")
        .check();
}

TEST(CreditOfThePeer, CountsDeliveriesNotFrames) {
    incoming_link({.credit = 1})
        .peer_sends({"transfer[0, 0, <00>, 0, true, true] + \"a\"", "transfer[0, ~, ~, ~, ~, true] + \"b\"", "transfer[0] + \"c\""})
        .expect_that([](const connection& engine) { return engine.credit_left(link_id{1}) == 0; })
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("delivery 1 id=0 tag=00 \"abc\" settled")
        .check_every_cut();
}

TEST(CreditOfThePeer, IsSetAnewByTheOwner) {
    incoming_link({.credit = 2})
        .peer_sends("transfer[0, 0, <00>, 0, true]")
        .owner([](connection& engine) { EXPECT_TRUE(engine.set_credit(link_id{1}, 5)); })
        .expect("flow[1, 5000, 1, 2048, 0, 1, 5, 0, false, false]")
        .expect_that([](const connection& engine) { return engine.credit_left(link_id{1}) == 5; })
        .check_every_cut();
}

TEST(CreditOfThePeer, IsGivenBackWhenDrained) {
    incoming_link({.credit = 5})
        .peer_sends("transfer[0, 0, <00>, 0, true]")
        .owner([](connection& engine) { engine.set_credit(link_id{1}, 4, true); })
        .expect("flow[1, 5000, 1, 2048, 0, 1, 4, 0, true]")
        .peer_sends({"transfer[0, 1, <01>, 0, true]", "flow[1, 9, 2, 9, 0, 5, 0, 0, true]"})
        .expect_that([](const connection& engine) { return engine.credit_left(link_id{1}) == 0; })
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("delivery 1 id=0 tag=00 \"\" settled")
        .expect_event("delivery 1 id=1 tag=01 \"\" settled")
        .expect_event("credited 1")
        .peer_sends("transfer[0, 2, <02>, 0, true]")
        .expect(R"(detach[0, true, error['amqp:link:transfer-limit-exceeded', _]])")
        .expect_event("detached 1 amqp:link:transfer-limit-exceeded")
        .check_every_cut();
}

/// A delivery-count that goes back takes nothing away.
TEST(CreditOfThePeer, IsNotTakenByAnOldFlow) {
    incoming_link({.credit = 5})
        .peer_sends({"transfer[0, 0, <00>, 0, true]", "transfer[0, 1, <01>, 0, true]"})
        .owner([](connection& engine) { engine.set_credit(link_id{1}, 3, true); })
        .expect("flow[2, 5000, 1, 2048, 0, 2, 3, 0, true]")
        .peer_sends("flow[1, 9, 2, 9, 0, 1, 4, 0, false]")
        .expect_that([](const connection& engine) { return engine.credit_left(link_id{1}) == 3; })
        .check();
}

/// Section 2.6.7: the delivery-count is the sender's to advance, and takes as much of the credit.
TEST(CreditOfThePeer, ShrinksAsTheSendersDeliveryCountAdvances) {
    incoming_link({.credit = 5})
        .peer_sends({"transfer[0, 0, <00>, 0, true]", "flow[1, 9, 1, 9, 0, 3, 2, ~, ~, true]"})
        .expect("flow[1, 5000, 1, 2048, 0, 3, 2, 0, false, false]")
        .expect_that([](const connection& engine) { return engine.credit_left(link_id{1}) == 2; })
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("delivery 1 id=0 tag=00 \"\" settled")
        .peer_sends({"transfer[0, 1, <01>, 0, true]", "transfer[0, 2, <02>, 0, true]", "transfer[0, 3, <03>, 0, true]"})
        .expect(R"(detach[0, true, error['amqp:link:transfer-limit-exceeded', _]])")
        .expect_event("delivery 1 id=1 tag=01 \"\" settled")
        .expect_event("delivery 1 id=2 tag=02 \"\" settled")
        .expect_event("detached 1 amqp:link:transfer-limit-exceeded")
        .check_every_cut();
}

/// By more than there is: none is left, and the owner hears of it, who may give more.
TEST(CreditOfThePeer, IsGoneWhenTheDeliveryCountAdvancesBeyondIt) {
    incoming_link({.credit = 5})
        .peer_sends("flow[0, 9, 0, 9, 0, 1000, 0]")
        .expect_that([](const connection& engine) { return engine.credit_left(link_id{1}) == 0; })
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("credited 1")
        .owner([](connection& engine) { EXPECT_TRUE(engine.set_credit(link_id{1}, 7)); })
        .expect("flow[0, 5000, 1, 2048, 0, 1000, 7, 0, false, false]")
        .peer_sends("flow[0, 9, 0, 9, 0, 1000, 7]") // says nothing new
        .check_every_cut();
}

TEST(CreditOfThePeer, StartsAtItsInitialDeliveryCount) {
    begun_session({.credit = 2})
        .peer_sends(R"(attach["in", 0, false, ~, ~, source["a"], target["b"], ~, ~, 4294967295])")
        .expect(R"(attach["in", 0, true])")
        .expect("flow[0, 5000, 1, 2048, 0, 4294967295, 2]")
        .peer_sends({"transfer[0, 0, <00>, 0, true]", "flow[1, 9, 1, 9, 0, 0, 1, ~, ~, true]"})
        .expect("flow[1, 5000, 1, 2048, 0, 0, 1]")
        .check_every_cut();
}

// --- of a link on which we send

TEST(OurCredit, IsDeliveryCountPlusCreditLessWhatWasSent) {
    outgoing_link()
        .expect_that(credit_is(0))
        .peer_sends("flow[1, 2048, 0, 2048, 0, 0, 2]")
        .expect_that(credit_is(2))
        .owner(sends("1", true))
        .expect("transfer[0, 0, <74>, 0, true, false] + \"1\"")
        .expect_that(credit_is(1))
        .peer_sends("flow[1, 2048, 0, 2048, 0, 0, 3]") // written before ours arrived
        .expect_that(credit_is(2))
        .peer_sends("flow[2, 2047, 0, 2048, 0, 1, 3]")
        .expect_that(credit_is(3))
        .peer_sends("flow[2, 2047, 0, 2048, 0, 1, 0]")
        .expect_that(credit_is(0))
        .check_every_cut();
}

TEST(OurCredit, MayBeGivenBeforeTheDeliveryCountIsKnown) {
    outgoing_link().peer_sends("flow[1, 2048, 0, 2048, 0, ~, 7]").expect_that(credit_is(7)).check();
}

TEST(OurCredit, MayBeAsLargeAsItsFieldIs) {
    for (const std::string_view credit : {"2147483647", "2147483648", "4294967295"})
        outgoing_link()
            .peer_sends("flow[1, 2048, 0, 2048, 0, 0, " + std::string(credit) + "]")
            .expect_that([](const connection& engine) { return engine.credit(link_id{1}) > 1'000'000; })
            .check();
}

/// Given together with the attach, before our answer.
TEST(OurCredit, MayBeGivenBeforeWeAnswer) {
    begun_session({.answers = false})
        .peer_sends({R"(attach["out", 0, true, ~, ~, source["a"], target["b"]])", "flow[1, 9, 0, 9, 0, 0, 3]"})
        .expect_that(credit_is(0))
        .owner([](connection& engine) { engine.accept(link_id{1}, {}); })
        .expect(R"(attach["out", 0, false])")
        .expect_that(credit_is(3))
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("credited 1")
        .check_every_cut();
}

TEST(OurCredit, IsNotOverdrawn) {
    outgoing_link()
        .peer_sends("flow[1, 2048, 0, 2048, 0, 0, 1]")
        .owner([](connection& engine) {
            const auto piece = as_bytes("x");
            EXPECT_TRUE(engine.send(link_id{1}, as_bytes("t"), {&piece, 1}, {.settled = true}));
            EXPECT_FALSE(engine.send(link_id{1}, as_bytes("t"), {&piece, 1}, {.settled = true}));
        })
        .expect("transfer[0, 0] + \"x\"")
        .check();
}

TEST(Drain, IsAnsweredWhenTheOwnerHasNothing) {
    outgoing_link()
        .peer_sends("flow[1, 2048, 0, 2048, 0, 0, 10, ~, true]")
        .expect_that([](const connection& engine) { return engine.draining(link_id{1}); })
        .owner([](connection& engine) { engine.drained(link_id{1}); })
        .expect("flow[0, 5000, 1, 2048, 0, 10, 0, 0, true]")
        .expect_that(credit_is(0))
        .owner([](connection& engine) { engine.drained(link_id{1}); }) // says nothing twice
        .peer_sends("flow[1, 2048, 0, 2048, 0, 10, 5]")
        .expect_that(credit_is(5))
        .check_every_cut();
}

TEST(Drain, TakesWhatThereIsFirst) {
    outgoing_link()
        .peer_sends("flow[1, 2048, 0, 2048, 0, 0, 10, ~, true]")
        .owner([](connection& engine) {
            const auto piece = as_bytes("x");
            engine.send(link_id{1}, as_bytes("t"), {&piece, 1}, {.settled = true});
            engine.drained(link_id{1});
        })
        .expect("transfer[0, 0] + \"x\"")
        .expect("flow[0, 5000, 2, 2048, 0, 10, 0, 0, true]")
        .check();
}

TEST(Drain, WithoutCreditIsAnsweredToo) {
    outgoing_link()
        .peer_sends("flow[1, 2048, 0, 2048, 0, 0, 0, ~, true]")
        .owner([](connection& engine) { engine.drained(link_id{1}); })
        .expect("flow[0, 5000, 1, 2048, 0, 0, 0, 0, true]")
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("credited 1")
        .check();
}

/// Asked for together with the attach: the owner hears of it once it has answered.
TEST(Drain, BeforeOurAnswerIsTold) {
    begun_session({.answers = false})
        .peer_sends({R"(attach["out", 0, true, ~, ~, source["a"], target["b"]])", "flow[1, 9, 0, 9, 0, 0, 0, ~, true]"})
        .owner([](connection& engine) { engine.accept(link_id{1}, {}); })
        .expect(R"(attach["out", 0, false])")
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("credited 1")
        .check();
}

TEST(Echo, OfALinkIsAnswered) {
    outgoing_link()
        .peer_sends("flow[1, 2048, 0, 2048, 0, 0, 10, ~, false, true]")
        .expect("flow[0, 5000, 1, 2048, 0, 0, 10, 0, false, false]")
        .check_every_cut();
    incoming_link()
        .peer_sends("flow[1, 2048, 0, 2048, 0, 0, ~, ~, ~, true]")
        .expect("flow[0, 5000, 1, 2048, 0, 0, 10, 0, false, false]")
        .check_every_cut();
}

/// The peer's window is shut and there may be more to send: the owner hears of the window's opening, and only then gives credit back.
TEST(Drain, WaitsForTheSessionsWindow) {
    opened_connection()
        .peer_sends(
            {"begin[~, 0, 1, 9]", R"(attach["out", 0, true, ~, ~, source["a"], target["b"]])", "flow[1, 1, 0, 9, 0, 0, 10, ~, true]"})
        .expect("begin[0]")
        .expect(R"(attach["out", 0, false])")
        .owner(sends("x", true))
        .expect("transfer[0, 0] + \"x\"")
        .expect_that(credit_is(0))
        .expect_that([](const connection& engine) { return engine.credit_left(link_id{1}) == 9; })
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("credited 1")
        .peer_sends("flow[2, 5, 0, 9]")
        .expect_event("credited 1")
        .owner(sends("y", true))
        .expect("transfer[0, 1] + \"y\"")
        .owner([](connection& engine) { engine.drained(link_id{1}); })
        .expect("flow[0, 5000, 3, 1, 0, 10, 0, 0, true]")
        .check_every_cut();
}

/// The last delivery has stopped at the window: its credit is not given back before it is sent, and the owner hears when it may be.
TEST(Drain, WaitsForTheDeliveryThatIsBeingSent) {
    auto script = amqp_script();
    script
        .peer_sends({"header amqp", R"(open["peer", ~, 512])", "begin[~, 0, 1, 9]",
                     R"(attach["out", 0, true, ~, ~, source["a"], target["b"]])", "flow[1, 1, 0, 9, 0, 0, 1, ~, true]"})
        .expect("header amqp")
        .expect(R"(open["test"])")
        .expect("begin[0]")
        .expect(R"(attach["out", 0, false])")
        .owner(sends(std::string(600, 'x'), true))
        .expect("transfer[0, 0, <74>, 0, true, true] + 440*x")
        .owner([](connection& engine) { engine.drained(link_id{1}); })
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("credited 1")
        .peer_sends("flow[2, 5, 0, 9]")
        .expect("transfer[0] + 160*x")
        .expect_event("credited 1")
        .owner([](connection& engine) { engine.drained(link_id{1}); })
        .expect("flow[0, 5000, 3, 1, 0, 1, 0, 0, true]")
        .check_every_cut();
}

// --- what the standard does not let a peer do, and we take all the same (docs/compatibility.md)

/// Section 2.7.3: a sender must say its initial-delivery-count. One that does not begins at 0, as nearly all do.
TEST(CreditOfThePeer, StartsAtZeroWhenItIsNotSaid) {
    for (const std::string_view rest : {"", ", ~, ~, ~"}) {
        SCOPED_TRACE(rest);
        begun_session({.credit = 2})
            .peer_sends(R"(attach["in", 0, false, ~, ~, source["a"], target["b"])" + std::string(rest) + "]")
            .expect(R"(attach["in", 0, true])")
            .expect("flow[0, 5000, 1, 2048, 0, 0, 2]")
            .peer_sends("transfer[0, 0, <00>, 0, true]")
            .expect_that([](const connection& engine) { return engine.credit_left(link_id{1}) == 1; })
            .check();
    }
}

/// Section 2.7.4: link-credit, delivery-count, available and drain must not be set without a handle. They mean nothing then: the session's
/// part of the flow counts, and no link's credit changes.
TEST(OurCredit, IsNotGivenByAFlowWithoutAHandle) {
    outgoing_link()
        .peer_sends({"flow[1, 2048, 0, 2048, 0, 0, 1]", "flow[1, 2048, 0, 2048, ~, 5, 9, 3, true]"})
        .expect_that(credit_is(1))
        .expect_that([](const connection& engine) { return !engine.draining(link_id{1}); })
        .peer_sends("flow[1, 0, 0, 2048, ~, 0, 9]")
        .expect_that(credit_is(0)) // the window is shut
        .check_every_cut();
}

} // namespace
} // namespace capstan::amqp::test
