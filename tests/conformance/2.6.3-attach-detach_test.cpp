// Part 2, sections 2.6.1 to 2.6.6, 2.7.3 and 2.7.7: attaching, refusing, detaching.
#include "conformance/opening.hpp"

namespace capstan::amqp::test {
namespace {

TEST(Attach, IsAnsweredWithAllFields) {
    begun_session({.credit = 0})
        .peer_sends(R"(attach["in", 4, false, 0, 1, source["a"], target["b"], ~, ~, 0, 65536, ~, ~, {'k'="v"}])")
        .expect(R"(attach["in", 0, true, ~, ~, source["a"], target["b"], ~, false, ~, 65536, ~, ~, {'k'="v"}])")
        .check_every_cut();
    begun_session()
        .peer_sends(R"(attach["out", 9, true, 1, 0, source["a", 2, 'never', 5, false], target["b"]])")
        .expect(R"(attach["out", 0, false, ~, ~, source["a", 2, 'never', 5, false], target["b"], ~, false, 0, 1048576, ~, ~, ~])")
        .check_every_cut();
}

TEST(Attach, IsAnsweredWithTheOwnersSettleModes) {
    begun_session({.answer = {.snd_settle_mode = 1, .rcv_settle_mode = 0, .max_message_size = 1000}})
        .peer_sends(R"(attach["out", 9, true, 2, 1, source["a"], target["b"], ~, ~, ~, 5000])")
        .expect(R"(attach["out", 0, false, 1, 0, source["a"], target["b"], ~, false, 0, 1000])")
        .check();
}

TEST(Attach, WithAHandleInUseEndsTheSession) {
    incoming_link()
        .peer_sends(R"(attach["other", 0, false, ~, ~, source["a"], target["b"], ~, ~, 0])")
        .expect(R"(end[error['amqp:session:handle-in-use', _]])")
        .check_every_cut();
}

/// Section 2.7.2, handle-max: the connection is closed with a framing error.
TEST(Attach, WithAHandleAboveHandleMaxClosesTheConnection) {
    begun_session().peer_sends(R"(attach["in", 262144, true])").expect(R"(close[error['amqp:connection:framing-error', _]])").check();
    begun_session().peer_sends(R"(attach["in", 4294967295, true])").expect(R"(close[error['amqp:connection:framing-error', _]])").check();
    begun_session()
        .peer_sends(R"(attach["out", 262143, true, ~, ~, source["a"], target["b"]])")
        .expect(R"(attach["out", 0, false])")
        .check();
}

/// Our handles must fit the peer's handle-max.
TEST(Attach, OfMoreLinksThanThePeerHasHandlesEndsTheSession) {
    opened_connection()
        .peer_sends({"begin[~, 0, 9, 9, 0]", R"(attach["a", 0, true, ~, ~, source["a"], target["b"]])",
                     R"(attach["b", 1, true, ~, ~, source["a"], target["b"]])"})
        .expect("begin[0]")
        .expect(R"(attach["a", 0, false])")
        .expect(R"(end[error['amqp:resource-limit-exceeded', _]])")
        .check();
}

TEST(Attach, WithWrongFieldsClosesTheConnection) {
    for (const std::string_view attach :
         {"attach[]", R"(attach["a"])", R"(attach["a", 0])", "attach[~, 0, true]", R"(attach["a", ~, true])", R"(attach['a', 0, true])",
          R"(attach["a", "0", true])", R"(attach["a", 0, 1])", R"(attach["a", 0, true, 3])", R"(attach["a", 0, true, ~, 2])",
          R"(attach["a", 0, true, "0"])", R"(attach["a", 0, true, ~, ~, "source"])", R"(attach["a", 0, true, ~, ~, 5])",
          R"(attach["a", 0, true, ~, ~, ~, ["target"]])", R"(attach["a", 0, true, ~, ~, ~, ~, ~, ~, "0"])",
          R"(attach["a", 0, true, ~, ~, ~, ~, ~, ~, ~, uint:5])"}) {
        SCOPED_TRACE(attach);
        begun_session().peer_sends(attach).expect(R"(close[error['amqp:invalid-field', _]])").check();
    }
}

TEST(Attach, ThatTheOwnerRefusesIsAnsweredWithNullThenDetached) {
    begun_session({.answers = false})
        .peer_sends(R"(attach["in", 7, false, 0, 1, source["a"], target["b"], ~, ~, 0])")
        .owner([](connection& engine) { EXPECT_TRUE(engine.refuse(link_id{1}, {"amqp:not-found", "no such node"})); })
        .expect(R"(attach["in", 0, true, 0, 1, ~, ~])")
        .expect(R"(detach[0, true, error['amqp:not-found', "no such node"]])")
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .peer_sends({"transfer[7, 0, <00>] + \"late\"", "flow[1, 9, 1, 9, 7, 0, 10, ~, ~, true]", "detach[7, true]"})
        .peer_sends(R"(attach["again", 7, true])")
        .expect_event("attached 2 by peer")
        .check_every_cut();
}

TEST(Attach, OfAReceiverThatIsRefusedHasADeliveryCountAllTheSame) {
    begun_session({.answers = false})
        .peer_sends(R"(attach["out", 7, true, ~, ~, source["a"], target["b"]])")
        .owner([](connection& engine) { engine.refuse(link_id{1}, {"amqp:not-found", ""}); })
        .expect(R"(attach["out", 0, false, ~, ~, ~, ~, ~, _, 0, _])")
        .expect("detach[0, true, error['amqp:not-found']]")
        .check();
}

TEST(Attach, MayBeRefusedWithAPause) {
    begun_session({.answers = false})
        .peer_sends(R"(attach["in", 7, false, ~, ~, source["a"], target["b"], ~, ~, 0])")
        .owner([](connection& engine) { engine.refuse(link_id{1}, {"amqp:not-found", ""}, std::chrono::milliseconds(50)); })
        .expect(R"(attach["in", 0, true, ~, ~, ~, ~])")
        .after(std::chrono::milliseconds(49))
        .after(std::chrono::milliseconds(1))
        .expect("detach[0, true, error['amqp:not-found']]")
        .check();
}

/// A client may end its session on the refusing attach alone, or detach: it is told why all the same.
TEST(Attach, ThatIsRefusedWithAPauseIsDetachedBeforeTheEnd) {
    const auto refused = [] {
        auto script = begun_session({.answers = false});
        script.peer_sends(R"(attach["in", 7, false, ~, ~, source["a"], target["b"], ~, ~, 0])")
            .owner([](connection& engine) { engine.refuse(link_id{1}, {"amqp:not-found", ""}, std::chrono::milliseconds(50)); })
            .expect(R"(attach["in", 0, true, ~, ~, ~, ~])");
        return script;
    };
    refused()
        .peer_sends("end[]")
        .expect("detach[0, true, error['amqp:not-found']]")
        .expect("end[~]")
        .after(std::chrono::seconds(1))
        .check();
    refused().peer_sends("detach[7]").expect("detach[0, true, error['amqp:not-found']]").after(std::chrono::seconds(1)).check();
}

TEST(Attach, OfACoordinatorIsNotImplemented) {
    begun_session()
        .peer_sends(R"(attach["tx", 0, false, ~, ~, source[], coordinator[], ~, ~, 0])")
        .expect(R"(attach["tx", 0, true, ~, ~, ~, ~])")
        .expect(R"(detach[0, true, error['amqp:not-implemented', _]])")
        .expect_event("opened peer")
        .check_every_cut();
}

/// Part 3, section 3.5: a source or target is one of these types; others are extensions that we do not have.
TEST(Attach, WithAnUnknownTerminusIsRefused) {
    for (const std::string_view termini :
         {R"(source["a"], 0x99["b"])", R"(0x99["a"], target["b"])", R"('com.example:queue'["a"], target["b"])",
          R"(source["a"], 'com.example:queue'["b"])", R"(~, 0x99[])"}) {
        SCOPED_TRACE(termini);
        begun_session()
            .peer_sends(R"(attach["a", 0, false, ~, ~, )" + std::string(termini) + ", ~, ~, 0]")
            .expect(R"(attach["a", 0, true, ~, ~, ~, ~])")
            .expect(R"(detach[0, true, error['amqp:not-implemented', _]])")
            .expect_event("opened peer")
            .check_every_cut();
    }
}

/// A source where the target stands, a target or a coordinator where the source stands.
TEST(Attach, WithATerminusInTheOthersPlaceIsRefused) {
    for (const std::string_view termini : {R"(target["a"], target["b"])", R"(source["a"], source["b"])", R"(coordinator[], target["b"])"}) {
        SCOPED_TRACE(termini);
        begun_session()
            .peer_sends(R"(attach["a", 0, true, ~, ~, )" + std::string(termini) + "]")
            .expect(R"(attach["a", 0, false, ~, ~, ~, ~])")
            .expect(R"(detach[0, true, error['amqp:invalid-field', _]])")
            .expect_event("opened peer")
            .check();
    }
}

/// The answer to an attach of ours, likewise.
TEST(Attach, OfOursThatIsAnsweredWithAnUnknownTerminusIsDetached) {
    amqp_script({}, script_settings(), side::client)
        .expect("header amqp")
        .expect(R"(open["test"])")
        .peer_sends({"header amqp", R"(open["peer"])"})
        .owner([](connection& engine) {
            attach_request request{};
            request.name = "out";
            request.role = role::sender;
            request.source = encode_source("a");
            request.target = encode_target("b");
            EXPECT_TRUE(engine.attach(engine.open_session().value(), request));
        })
        .expect("begin[~]")
        .expect(R"(attach["out", 0, false])")
        .peer_sends({"begin[0, 0, 9, 9]", R"(attach["out", 0, true, ~, ~, source["a"], 0x99["b"]])", "flow[0, 9, 1, 9, 0, 0, 9]"})
        .expect(R"(detach[0, true, error['amqp:not-implemented', _]])")
        .expect_event("opened peer")
        .expect_event("detached 1 amqp:not-implemented")
        .check_every_cut();
}

/// The answer repeats the peer's termini, but what is malformed in them as the null that it stands for.
TEST(Attach, WithArraysThatLackTheirConstructorIsAnsweredWithNulls) {
    begun_session({.credit = 0})
        .peer_sends(R"(attach["in", 0, false, ~, ~, source["a", ~, ~, ~, ~, ~, ~, {}, ~, #<e00100>, #<f00000000400000000>], )"
                    R"(target["b", ~, ~, ~, ~, ~, #<e00100>], ~, ~, 0, ~, #<e00100>, #<e00100>])")
        .expect(R"(attach["in", 0, true, ~, ~, source["a", ~, ~, ~, ~, ~, ~, {}, ~, ~, ~], target["b", ~, ~, ~, ~, ~, ~]])")
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .check_every_cut();
}

/// Section 2.6.1: a name is used by one link at a time; the newer one takes over.
TEST(Attach, OfALinkThatIsAttachedStealsIt) {
    incoming_link()
        .peer_sends(R"(attach["in", 1, false, ~, ~, source["here"], target["there"], ~, ~, 0])")
        .expect(R"(detach[0, true, error['amqp:link:stolen', _]])")
        .expect(R"(attach["in", 1, true])")
        .expect("flow[0, 5000, 1, 2048, 1, 0, 10]")
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("detached 1 amqp:link:stolen")
        .expect_event("attached 2 by peer")
        .check_every_cut();
}

TEST(Attach, OfTheSameNameTheOtherWayRoundIsAnotherLink) {
    incoming_link()
        .peer_sends(R"(attach["in", 1, true, ~, ~, source["here"], target["there"]])")
        .expect(R"(attach["in", 1, false])")
        .check();
}

TEST(Attach, OfTooManyLinksIsRefused) {
    auto few = script_settings();
    few.max_links = 1;
    outgoing_link({}, few)
        .peer_sends(R"(attach["b", 1, true, ~, ~, source["a"], target["b"]])")
        .expect(R"(attach["b", 1, false, ~, ~, ~, ~])")
        .expect(R"(detach[1, true, error['amqp:resource-limit-exceeded', _]])")
        .peer_sends({"detach[1, true]", "detach[0, true]", R"(attach["c", 1, true, ~, ~, source["a"], target["b"]])"})
        .expect("detach[0, true]")
        .expect(R"(attach["c", 0, false, ~, ~, source["a"]])")
        .check_every_cut();
}

/// One that never answers our detaches does not fill memory with links that are half gone.
TEST(Attach, WithoutEndClosesTheConnection) {
    auto few = script_settings();
    few.max_links = 1;
    auto script = outgoing_link({}, few);
    script.peer_sends(R"(attach["b", 1, true])")
        .expect(R"(attach["b", 1, false, ~, ~, ~, ~])")
        .expect(R"(detach[1, true, error['amqp:resource-limit-exceeded', _]])")
        .peer_sends(R"(attach["c", 2, true])")
        .expect(R"(close[error['amqp:resource-limit-exceeded', _]])")
        .check();
}

TEST(Detach, IsAnswered) {
    for (const std::string_view closed : {"true", "false"})
        incoming_link()
            .peer_sends("detach[0, " + std::string(closed) + "]")
            .expect("detach[0, " + std::string(closed) + ", ~]")
            .expect_event("opened peer")
            .expect_event("attached 1 by peer")
            .expect_event("detached 1 by peer")
            .check_every_cut();
}

TEST(Detach, TellsItsErrorToTheOwner) {
    incoming_link()
        .peer_sends(R"(detach[0, true, error['amqp:internal-error', "pain"]])")
        .expect("detach[0, true, ~]")
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("detached 1 by peer amqp:internal-error")
        .check();
}

TEST(Detach, FreesHandleAndName) {
    incoming_link()
        .peer_sends({"detach[0]", R"(attach["in", 0, false, ~, ~, source["here"], target["there"], {}, ~, 8])"})
        .expect("detach[0, false]")
        .expect(R"(attach["in", 0, true, ~, ~, source["here"], target["there"], ~])")
        .expect("flow[0, 5000, 1, 2048, 0, 8, 10]")
        .peer_sends("transfer[0, 0, <00>, 0, true] + \"x\"")
        .check_every_cut();
}

TEST(Detach, OfAnUnattachedHandleEndsTheSession) {
    begun_session().peer_sends("detach[3, true]").expect(R"(end[error['amqp:session:unattached-handle', _]])").check();
    incoming_link()
        .peer_sends({"detach[0, true]", "detach[0, true]"})
        .expect("detach[0, true]")
        .expect(R"(end[error['amqp:session:unattached-handle', _]])")
        .check();
}

TEST(Detach, OfOursWaitsForThePeers) {
    incoming_link()
        .owner([](connection& engine) { engine.detach(link_id{1}, {"amqp:link:detach-forced", "go"}); })
        .expect(R"(detach[0, true, error['amqp:link:detach-forced', "go"]])")
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .peer_sends({"transfer[0, 0, <00>, 0, false] + \"late\"", "flow[1, 9, 1, 9, 0, 0, 10, ~, true, true]"})
        .expect_that([](const connection& engine) { return engine.find(link_id{1}) == nullptr; })
        .peer_sends(R"(attach["other", 0, true])") // its handle is still taken
        .expect(R"(end[error['amqp:session:handle-in-use', _]])")
        .check_every_cut();
}

TEST(Detach, OfBothAtOnceIsNotAnsweredTwice) {
    incoming_link()
        .owner([](connection& engine) { engine.detach(link_id{1}); })
        .expect("detach[0, true]")
        .peer_sends({"detach[0, true]", R"(attach["in", 0, false, ~, ~, source["here"], target["there"], ~, ~, 0])"})
        .expect(R"(attach["in", 0, true])")
        .expect("flow[0, 5000, 1, 2048, 0, 0, 10]")
        .check_every_cut();
}

/// The owner has not answered yet: the attach comes before the detach (section 2.6.4).
TEST(Detach, OfALinkThatIsNotAnsweredYet) {
    begun_session({.answers = false})
        .peer_sends({R"(attach["in", 7, false, ~, ~, source["a"], target["b"], ~, ~, 0])", "detach[7, true]"})
        .expect(R"(attach["in", 0, true, ~, ~, ~, ~])")
        .expect("detach[0, true]")
        .owner([](connection& engine) { EXPECT_FALSE(engine.accept(link_id{1}, {})); })
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("detached 1 by peer")
        .check_every_cut();
}

TEST(Handle, ThatIsNotAttachedEndsTheSession) {
    for (const std::string_view frame : {"transfer[9, 0, <00>, 0] + \"x\"", "flow[1, 9, 1, 9, 9, 0, 10]", "detach[9]"}) {
        SCOPED_TRACE(frame);
        incoming_link()
            .peer_sends(frame)
            .expect(R"(end[error['amqp:session:unattached-handle', _]])")
            .peer_sends("end[]")
            .check_every_cut();
    }
}

} // namespace
} // namespace capstan::amqp::test
