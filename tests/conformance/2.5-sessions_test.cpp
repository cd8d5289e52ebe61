// Part 2, sections 2.5 and 2.7.2, 2.7.8: sessions, their channels and windows.
#include "conformance/opening.hpp"

namespace capstan::amqp::test {
namespace {

TEST(Begin, IsAnsweredWithAllFields) {
    opened_connection().peer_sends("3: begin[~, 7, 100, 200]").expect("begin[3, 1, 5000, 100, 262143, ~, ~, ~]").check_every_cut();
}

TEST(Begin, OnAChannelInUseClosesTheConnection) { begun_session().peer_sends("begin[~, 0, 1, 1]").expect(illegal_state).check(); }

TEST(Begin, ThatAnswersNoneClosesTheConnection) {
    opened_connection().peer_sends("begin[0, 0, 1, 1]").expect(illegal_state).check();
    opened_connection().peer_sends("begin[8000, 0, 1, 1]").expect(illegal_state).check();
    begun_session().peer_sends("1: begin[0, 0, 1, 1]").expect(illegal_state).check();
}

TEST(Begin, WithoutItsMandatoryFieldsClosesTheConnection) {
    for (const std::string_view begin : {"begin[]", "begin[~]", "begin[~, 0, 1]", "begin[~, ~, 1, 1]", "begin[~, 0, ~, 1]",
                                         "begin[~, 0, 1, ~]", "begin[~, \"0\", 1, 1]", "begin[uint:0, 0, 1, 1]"})
        opened_connection().peer_sends(begin).expect(R"(close[error['amqp:invalid-field', _]])").check();
}

TEST(Begin, OfTooManySessionsClosesTheConnection) {
    auto few = script_settings();
    few.max_sessions = 2;
    opened_connection({}, few)
        .peer_sends("begin[~, 0, 1, 1]")
        .expect("begin[0]")
        .owner([](connection& engine) { EXPECT_TRUE(engine.open_session()); })
        .expect("1: begin[~]")
        .peer_sends("1: begin[~, 0, 1, 1]")
        .expect(R"(close[error['amqp:resource-limit-exceeded', _]])")
        .check();
}

/// There is a session for each channel that the open promises.
TEST(Begin, OnEveryChannelThatIsPromised) {
    auto few = script_settings();
    few.max_sessions = 3;
    amqp_script({}, few)
        .peer_sends({"header amqp", R"(open["peer"])", "2: begin[~, 0, 1, 1]", "1: begin[~, 0, 1, 1]", "0: begin[~, 0, 1, 1]"})
        .expect("header amqp")
        .expect(R"(open["test", "localhost", 65536, 2])")
        .expect("begin[2]")
        .expect("1: begin[1]")
        .expect("2: begin[0]")
        .peer_sends("3: begin[~, 0, 1, 1]")
        .expect(R"(close[error['amqp:connection:framing-error', _]])")
        .check();
}

/// channel-max of the peer: our channels stay below it.
TEST(Begin, StaysBelowThePeersChannelMax) {
    amqp_script()
        .peer_sends({"header amqp", R"(open["peer", ~, ~, 0])", "begin[~, 0, 1, 1]", "1: begin[~, 0, 1, 1]"})
        .expect("header amqp")
        .expect(R"(open["test"])")
        .expect("begin[0]")
        .expect(R"(close[error['amqp:resource-limit-exceeded', _]])")
        .check();
}

TEST(End, IsAnsweredAndFreesTheChannel) {
    begun_session()
        .peer_sends({"end[]", "begin[~, 0, 1, 1]"})
        .expect("end[~]")
        .expect("begin[0]")
        .peer_sends(R"(end[error['amqp:internal-error', "pain"]])")
        .expect("end[~]")
        .check_every_cut();
}

TEST(End, EndsItsLinks) {
    incoming_link()
        .peer_sends({"transfer[0, 0, <00>, 0, false, true] + \"half\"", "end[error['amqp:internal-error']]"})
        .expect("end[~]")
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("detached 1 by peer amqp:internal-error")
        .check_every_cut();
}

TEST(End, OfOursDropsWhatThePeerStillSays) {
    incoming_link()
        .owner([](connection& engine) { engine.end_session(0, {"amqp:internal-error", "pain"}); })
        .expect(R"(end[error['amqp:internal-error', "pain"]])")
        .peer_sends({"transfer[0, 0, <00>, 0] + \"late\"", "flow[1, 1, 1, 1, 0, 0, 10, ~, ~, true]", R"(attach["b", 1, true])",
                     "disposition[false, 0, ~, true]", "detach[0, true]", "detach[77, true]"})
        .peer_sends({"end[]", "begin[~, 0, 1, 1]"})
        .expect("begin[0]")
        .check_every_cut();
}

/// Clients tidy up links of a session that they have ended (contract/event-hubs.md, section 2.5).
TEST(Channel, ThatHasEndedIsNotListenedTo) {
    begun_session()
        .peer_sends("end[]")
        .expect("end[~]")
        .peer_sends({"detach[0, false]", "end[]", "disposition[true, 0, ~, true]", "flow[1, 1, 1, 1]", "flow[1, 1, 1, 1, 0, 0, 1]",
                     "transfer[0, 0, <00>]", R"(attach["a", 0, true])"})
        .check_every_cut();
}

TEST(Channel, ThatNeverBeganClosesTheConnection) {
    for (const std::string_view frame : {R"(5: attach["a", 0, true])", "5: transfer[0, 0, <00>]", "5: flow[1, 1, 1, 1, 0, 0, 1]",
                                         "5: flow[1, 1, 1, 1]", "5: disposition[true, 0, ~, true]"}) {
        SCOPED_TRACE(frame);
        begun_session().peer_sends(frame).expect(illegal_state).check();
    }
}

/// What ends something finds nothing to end: some clients tidy up in the wrong order.
TEST(Channel, ThatNeverBeganMayBeEnded) {
    begun_session()
        .peer_sends({"5: detach[0, true]", "5: end[]", "5: end[error['amqp:internal-error']]", "end[]"})
        .expect("end[~]")
        .check();
}

// --- windows

TEST(IncomingWindow, IsOpenedAgainWhenHalfOfItIsUsed) {
    auto narrow = script_settings();
    narrow.incoming_window = 4;
    opened_connection({}, narrow)
        .peer_sends({"begin[~, 100, 9, 9]", R"(attach["in", 0, false, ~, ~, source["a"], target["b"], ~, ~, 0])"})
        .expect("begin[0, 1, 4, 9]")
        .expect(R"(attach["in", 0, true])")
        .expect("flow[100, 4, 1, 9, 0, 0, 10]")
        .peer_sends("transfer[0, 0, <00>, 0, true]")
        .peer_sends("transfer[0, 1, <01>, 0, true]")
        .expect("flow[102, 4, 1, 9, ~, ~, ~]")
        .check_every_cut();
}

TEST(IncomingWindow, OfOneStillMoves) {
    auto narrow = script_settings();
    narrow.incoming_window = 1;
    opened_connection({}, narrow)
        .peer_sends({"begin[~, 0, 9, 9]", R"(attach["in", 0, false, ~, ~, source["a"], target["b"], ~, ~, 0])"})
        .expect("begin[0, 1, 1, 9]")
        .expect(R"(attach["in", 0, true])")
        .expect("flow[0, 1, 1, 9, 0, 0, 10]")
        .peer_sends("transfer[0, 0, <00>, 0, true]")
        .expect("flow[1, 1, 1, 9]")
        .peer_sends("transfer[0, 1, <01>, 0, true]")
        .expect("flow[2, 1, 1, 9]")
        .check();
}

TEST(IncomingWindow, ThatIsShutEndsTheSession) {
    auto shut = script_settings();
    shut.incoming_window = 0;
    opened_connection({}, shut)
        .peer_sends({"begin[~, 0, 9, 9]", R"(attach["in", 0, false, ~, ~, source["a"], target["b"], ~, ~, 0])"})
        .expect("begin[0, 1, 0]")
        .expect(R"(attach["in", 0, true])")
        .expect("flow[0, 0, 1, 9, 0, 0, 10]")
        .peer_sends("transfer[0, 0, <00>, 0, true]")
        .expect(R"(end[error['amqp:session:window-violation', _]])")
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("detached 1 amqp:session:window-violation")
        .check();
}

TEST(IncomingWindow, CountsFramesNotDeliveries) {
    auto narrow = script_settings();
    narrow.incoming_window = 4;
    opened_connection({}, narrow)
        .peer_sends({"begin[~, 4294967295, 9, 9]", R"(attach["in", 0, false, ~, ~, source["a"], target["b"], ~, ~, 0])"})
        .expect("begin[0, 1, 4, 9]")
        .expect(R"(attach["in", 0, true])")
        .expect("flow[4294967295, 4, 1, 9, 0, 0, 10]")
        .peer_sends({"transfer[0, 0, <00>, 0, true, true] + \"a\"", "transfer[0] + \"b\""})
        .expect("flow[1, 4, 1, 9]") // counted modulo 2^32
        .check_every_cut();
}

/// What we may send is what the peer's last flow says, less what it had not yet seen.
TEST(OutgoingWindow, StopsAndGoesOn) {
    opened_connection()
        .peer_sends({"begin[~, 0, 2, 9]", R"(attach["out", 0, true, ~, ~, source["a"], target["b"]])", "flow[1, 2, 0, 9, 0, 0, 100]"})
        .expect("begin[0, 1, 5000, 2]")
        .expect(R"(attach["out", 0, false])")
        .owner(sends("1", true))
        .expect(R"(transfer[0, 0, <74>, 0, true] + "1")")
        .owner(sends("2", true))
        .expect(R"(transfer[0, 1, <74>, 0, true] + "2")")
        .expect_that([](const connection& engine) { return engine.credit(link_id{1}) == 0; })
        .peer_sends("flow[2, 2, 0, 9]")
        .expect_that([](const connection& engine) { return engine.credit(link_id{1}) > 0; })
        .owner(sends("3", true))
        .expect(R"(transfer[0, 2, <74>, 0, true] + "3")")
        .expect_that([](const connection& engine) { return engine.credit(link_id{1}) == 0; })
        .check_every_cut();
}

TEST(OutgoingWindow, TellsTheOwnerWhenItOpensAgain) {
    opened_connection()
        .peer_sends({"begin[~, 0, 0, 9]", R"(attach["out", 0, true, ~, ~, source["a"], target["b"]])", "flow[1, 0, 0, 9, 0, 0, 100]"})
        .expect("begin[0, 1, 5000, 0]")
        .expect(R"(attach["out", 0, false])")
        .peer_sends("flow[1, 5, 0, 9]")
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("credited 1")
        .expect_event("credited 1")
        .expect_that([](const connection& engine) { return engine.credit(link_id{1}) == 100; })
        .check_every_cut();
}

/// rhea counts from 0 although we said 1; others are ahead (contract/iothub-amqp.md, section 2.5).
TEST(OutgoingWindow, ToleratesBeingOneOff) {
    for (const std::string_view next_incoming_id : {"0", "1", "2", "~"})
        for (const std::string_view window : {"2048", "2147483647", "2147483648", "4294967295"}) {
            SCOPED_TRACE(window);
            outgoing_link()
                .peer_sends("flow[" + std::string(next_incoming_id) + ", " + std::string(window) + ", 0, 9, 0, 0, 7]")
                .expect_that([](const connection& engine) { return engine.credit(link_id{1}) == 7; })
                .check();
        }
}

/// A flow for a link that we have detached still speaks of the session.
TEST(OutgoingWindow, IsReadFromEveryFlow) {
    opened_connection()
        .peer_sends({"begin[~, 0, 0, 9]", R"(attach["gone", 0, true, ~, ~, source["a"], target["b"]])",
                     R"(attach["out", 1, true, ~, ~, source["a"], target["b"]])", "flow[1, 0, 0, 9, 1, 0, 100]"})
        .expect("begin[0]")
        .expect(R"(attach["gone", 0, false])")
        .expect(R"(attach["out", 1, false])")
        .owner([](connection& engine) { engine.detach(link_id{1}); })
        .expect("detach[0, true]")
        .peer_sends("flow[1, 5, 0, 9, 0, 0, 100]")
        .expect_that([](const connection& engine) { return engine.credit(link_id{2}) == 100; })
        .check();
}

TEST(Flow, OfTheSessionIsEchoedWhenAskedFor) {
    begun_session()
        .peer_sends({"flow[1, 2048, 0, 2048]", "flow[1, 2048, 0, 2048, ~, ~, ~, ~, false, true]"})
        .expect("flow[0, 5000, 1, 2048, ~, ~, ~]")
        .check_every_cut();
}

TEST(Flow, WithoutItsMandatoryFieldsClosesTheConnection) {
    for (const std::string_view flow : {"flow[]", "flow[~, 1]", "flow[1, ~, 1, 1]", "flow[1, 1, 1, \"1\"]"})
        begun_session().peer_sends(flow).expect(R"(close[error['amqp:invalid-field', _]])").check();
}

} // namespace
} // namespace capstan::amqp::test
