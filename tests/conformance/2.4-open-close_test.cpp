// Part 2, sections 2.4 and 2.7.1, 2.7.9: opening and closing a connection.
#include "conformance/opening.hpp"

namespace capstan::amqp::test {
namespace {

TEST(Open, IsAnsweredWithAllFields) {
    amqp_script()
        .peer_sends({"header amqp", R"(open["peer", "hub.example", 65536, 8191, 120000])"})
        .expect("header amqp")
        .expect(R"(open["test", "localhost", 65536, 8191, 240000, ~, ~, ~, ~, ~])")
        .expect_event("opened peer hub.example")
        .check_every_cut();
}

TEST(Open, NeedsAContainerOnly) {
    for (const std::string_view open : {R"(open["peer"])", R"(open[""])", "open[\"peer\", ~, ~, ~, ~, ~, ~, ~, ~, ~]"}) {
        SCOPED_TRACE(open);
        amqp_script().peer_sends({"header amqp", open}).expect("header amqp").expect(R"(open["test"])").check();
    }
}

TEST(Open, OfPipeliningClientsIsRead) {
    amqp_script()
        .peer_sends({"header amqp", R"(open["peer"])", "1: begin[~, 0, 2048, 2048]",
                     R"(1: attach["in", 5, false, ~, ~, source["a"], target["b"], ~, ~, 0])",
                     R"(1: attach["out", 0, true, ~, ~, source["b"], target["a"]])"})
        .expect("header amqp")
        .expect(R"(open["test"])")
        .expect("begin[1, 1, 5000, 2048]")
        .expect(R"(attach["in", 0, true])")
        .expect("flow[0, 5000, 1, 2048, 0, 0, 10]")
        .expect(R"(attach["out", 1, false])")
        .check_every_cut();
}

TEST(Open, ThatIsWrongClosesTheConnection) {
    struct row {
        std::string_view open, condition;
    };
    for (const auto& [open, condition] :
         {row{"open[]", "amqp:invalid-field"}, row{"open[~, \"host\"]", "amqp:invalid-field"}, row{"open[uint:1]", "amqp:invalid-field"},
          row{"open['peer']", "amqp:invalid-field"}, row{R"(open["peer", ~, 511])", "amqp:invalid-field"},
          row{R"(open["peer", ~, 0])", "amqp:invalid-field"}, row{R"(open["peer", ~, "many"])", "amqp:invalid-field"},
          row{R"(open["peer", ~, ~, uint:1])", "amqp:invalid-field"}, row{"open[#<a102fffe>]", "amqp:decode-error"},
          row{"open[#<a1ff61>]", "amqp:decode-error"}, row{R"(1: open["peer"])", "amqp:connection:framing-error"}}) {
        SCOPED_TRACE(open);
        amqp_script()
            .peer_sends({"header amqp", open})
            .expect("header amqp")
            .expect(R"(open["test"])")
            .expect("close[error['" + std::string(condition) + "', _]]")
            .expect_event("closed " + std::string(condition))
            .check();
    }
}

TEST(Errors, OfTheEngineAreToldInItsOwnersWords) {
    const auto words = [](connection& engine) { engine.word_errors([](const error& why) { return error(why.condition, "our words"); }); };
    amqp_script()
        .owner(words)
        .peer_sends({"header amqp", "open[]"})
        .expect("header amqp")
        .expect(R"(open["test"])")
        .expect("close[error['amqp:invalid-field', \"our words\"]]")
        .check();
    auto session = opened_connection();
    session.owner(words)
        .peer_sends({"begin[~, 0, 2048, 2048]", "detach[9, true]"})
        .expect("begin[0]")
        .expect("end[error['amqp:session:unattached-handle', \"our words\"]]")
        .check();
    auto owners = opened_connection();
    owners.owner(words)
        .owner([](connection& engine) { engine.close(error("amqp:not-allowed", "the owner's")); })
        .expect("close[error['amqp:not-allowed', \"the owner's\"]]")
        .check();
}

TEST(Open, ComesOnce) { opened_connection().peer_sends(R"(open["peer"])").expect(illegal_state).check_every_cut(); }

TEST(Open, ComesFirst) {
    for (const std::string_view frame : {"begin[~, 0, 1, 1]", "close[]", "end[]", R"(attach["a", 0, true])", "transfer[0, 0, <00>]"}) {
        SCOPED_TRACE(frame);
        amqp_script()
            .peer_sends({"header amqp", frame})
            .expect("header amqp")
            .expect(R"(open["test"])")
            .expect(illegal_state)
            .expect_event("closed amqp:illegal-state")
            .check();
    }
}

TEST(Open, MayBePrecededByHeartbeats) {
    amqp_script().peer_sends({"header amqp", "heartbeat", R"(open["peer"])"}).expect("header amqp").expect(R"(open["test"])").check();
}

TEST(Close, IsAnswered) {
    opened_connection()
        .peer_sends("close[]")
        .expect("close[~]")
        .expect_finished()
        .expect_event("opened peer")
        .expect_event("closed by peer")
        .check_every_cut();
}

TEST(Close, TellsItsErrorToTheOwner) {
    opened_connection()
        .peer_sends(R"(9: close[error['amqp:internal-error', "pain", {'key'="value"}]])")
        .expect("close[~]")
        .expect_finished()
        .expect_event("opened peer")
        .expect_event("closed by peer amqp:internal-error")
        .check_every_cut();
}

TEST(Close, EndsWhateverIsOpen) {
    incoming_link()
        .peer_sends({"transfer[0, 0, <00>, 0, false, true] + \"half\"", "close[]"})
        .expect("close[~]")
        .expect_finished()
        .check_every_cut();
}

TEST(Close, OfOursWaitsForThePeers) {
    opened_connection()
        .owner([](connection& engine) { engine.close({"amqp:connection:forced", "the hub stops"}); })
        .expect(R"(close[error['amqp:connection:forced', "the hub stops"]])")
        .expect_finished(false)
        .peer_sends({"begin[~, 0, 1, 1]", "heartbeat", R"(attach["a", 0, true])", "0x77[]"}) // discarded: section 2.4.6
        .expect_finished(false)
        .peer_sends("close[]")
        .expect_finished()
        .check_every_cut();
}

TEST(Close, OfOursDoesNotWaitForEver) {
    opened_connection()
        .owner([](connection& engine) { engine.close(); })
        .expect("close[~]")
        .after(std::chrono::milliseconds(1))
        .expect_finished(false)
        .after(std::chrono::seconds(5))
        .expect_finished()
        .check();
}

TEST(Close, IsTheLastThingWritten) {
    outgoing_link()
        .peer_sends("flow[1, 2048, 0, 2048, 0, 0, 10]")
        .owner([](connection& engine) {
            engine.close();
            EXPECT_FALSE(engine.open_session());
            EXPECT_FALSE(engine.detach(link_id{1}));
            const auto piece = as_bytes("x");
            EXPECT_FALSE(engine.send(link_id{1}, piece, {&piece, 1}));
            engine.drained(link_id{1});
            engine.end_session(0);
            engine.close();
        })
        .expect("close[~]")
        .check();
}

/// An attach that the owner still thinks about when the connection ends.
TEST(Close, LeavesNothingToAnswer) {
    begun_session({.answers = false})
        .peer_sends(R"(attach["in", 0, false, ~, ~, source["a"], target["b"], ~, ~, 0])")
        .owner([](connection& engine) {
            engine.close();
            EXPECT_FALSE(engine.accept(link_id{1}, {.credit = 5}));
            EXPECT_FALSE(engine.refuse(link_id{1}, {"amqp:not-found", ""}));
        })
        .expect("close[~]")
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("closed")
        .check();
}

TEST(Close, AfterOursIsNotAnsweredAgain) {
    opened_connection()
        .peer_sends(R"(open["again"])")
        .expect(illegal_state)
        .peer_sends({"close[]", "close[]"})
        .expect_finished()
        .check_every_cut();
}

} // namespace
} // namespace capstan::amqp::test
