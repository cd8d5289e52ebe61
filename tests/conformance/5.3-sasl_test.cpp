// Part 5, section 5.3: SASL.
#include "conformance/opening.hpp"

namespace capstan::amqp::test {
namespace {

amqp_script sasl_begun(const script_owner& owner = {}) {
    amqp_script script(owner);
    script.peer_sends("header sasl").expect("header sasl").expect("mechanisms[('PLAIN', 'ANONYMOUS')]");
    return script;
}

TEST(Sasl, GoesOnToOpen) {
    sasl_begun()
        .peer_sends(R"(init['PLAIN', <00750070>, "host"])")
        .expect("outcome[0, ~]")
        .peer_sends({"header amqp", R"(open["peer"])"})
        .expect("header amqp")
        .expect(R"(open["test"])")
        .expect_event(std::string("sasl PLAIN \"") + std::string("\0u\0p", 4) + "\"")
        .expect_event("opened peer")
        .check_every_cut();
}

TEST(Sasl, MayBePipelined) {
    amqp_script()
        .peer_sends({"header sasl", "init['ANONYMOUS']", "header amqp", R"(open["peer"])", "begin[~, 0, 9, 9]"})
        .expect("header sasl")
        .expect("mechanisms[('PLAIN', 'ANONYMOUS')]")
        .expect("outcome[0]")
        .expect("header amqp")
        .expect(R"(open["test"])")
        .expect("begin[0]")
        .check_every_cut();
}

TEST(Sasl, AlwaysOffersAnArray) {
    auto one = script_settings();
    one.sasl_mechanisms = {"MSSBCBS"};
    amqp_script({}, one).peer_sends("header sasl").expect("header sasl").expect("mechanisms[('MSSBCBS')]").check();
}

TEST(Sasl, RefusalEndsTheConnection) {
    sasl_begun({.answers = false})
        .peer_sends({"init['PLAIN', <00>]"})
        .expect("outcome[2, ~]") // the owner said nothing
        .expect_finished()
        .expect_event(std::string("sasl PLAIN \"") + '\0' + "\"")
        .expect_event("closed amqp:unauthorized-access")
        .check_every_cut();
}

TEST(Sasl, FramesThatAreNotInitEndTheConnection) {
    for (const std::string_view frame : {R"(open["peer"])", "mechanisms[('PLAIN')]", "outcome[0]", "response[<00>]", "init[]",
                                         "init[\"PLAIN\"]", "init['PLAIN', \"text\"]", "init[~, <00>]", "heartbeat"}) {
        SCOPED_TRACE(frame);
        sasl_begun().peer_sends({frame, "begin[~, 0, 1, 1]"}).expect_finished().check_every_cut();
    }
}

TEST(Sasl, FramesThatAreMalformedEndTheConnection) {
    for (const std::string_view hex : {"0000000702010000", "0000000801010000", "0000000802010000", "0000000c0201000000534140",
                                       "ffffffff02010000", "0000000c0202000000534145", "414d515000010000"}) {
        SCOPED_TRACE(hex);
        sasl_begun().peer_sends(from_hex_text(hex)).expect_finished().check_every_cut();
    }
}

TEST(Sasl, IsOverAfterTheOutcome) {
    for (const std::string_view next : {"init['ANONYMOUS']", "header sasl", "header tls"})
        sasl_begun()
            .peer_sends({"init['ANONYMOUS']", next})
            .expect("outcome[0]")
            .expect("header amqp") // what would have been right
            .expect_finished()
            .check_every_cut();
}

// --- as client

settings client_settings(std::optional<std::string> mechanism, std::string_view response = "") {
    auto result = script_settings();
    result.sasl_mechanisms = {};
    result.sasl_mechanism = std::move(mechanism);
    result.sasl_initial_response.assign(response.begin(), response.end());
    return result;
}

TEST(SaslClient, PicksItsMechanism) {
    amqp_script({}, client_settings("PLAIN", "x"), side::client)
        .expect("header sasl")
        .peer_sends({"header sasl", "mechanisms[('EXTERNAL', 'PLAIN')]"})
        .expect(R"(init['PLAIN', <78>, "localhost"])")
        .peer_sends("outcome[0, <57656c636f6d6521>]")
        .expect("header amqp")
        .expect(R"(open["test", "localhost"])")
        .peer_sends({"header amqp", R"(open["server"])"})
        .expect_event("opened server")
        .check_every_cut();
}

TEST(SaslClient, TakesASingleSymbolForAnArray) {
    amqp_script({}, client_settings("ANONYMOUS"), side::client)
        .expect("header sasl")
        .peer_sends({"header sasl", "mechanisms['ANONYMOUS']"})
        .expect("init['ANONYMOUS', ~]")
        .check_every_cut();
}

TEST(SaslClient, EndsWhereItIsNotWanted) {
    amqp_script({}, client_settings("PLAIN"), side::client)
        .expect("header sasl")
        .peer_sends({"header sasl", "mechanisms[('EXTERNAL')]"})
        .expect_finished()
        .expect_event("closed amqp:not-implemented")
        .check_every_cut();
    amqp_script({}, client_settings("PLAIN"), side::client)
        .expect("header sasl")
        .peer_sends({"header sasl", "mechanisms[('PLAIN')]", "outcome[1]"})
        .expect("init['PLAIN']")
        .expect_finished()
        .expect_event("closed amqp:unauthorized-access")
        .check_every_cut();
    amqp_script({}, client_settings("PLAIN"), side::client)
        .expect("header sasl")
        .peer_sends("header amqp")
        .expect_finished()
        .expect_event("closed amqp:connection:framing-error")
        .check_every_cut();
}

TEST(SaslClient, WithoutSaslIsNotLetInEverywhere) {
    amqp_script({}, client_settings({}), side::client)
        .expect("header amqp")
        .expect(R"(open["test"])")
        .peer_sends("header sasl")
        .expect_finished()
        .expect_event("closed amqp:connection:framing-error")
        .check_every_cut();
}

} // namespace
} // namespace capstan::amqp::test
