// Part 2, section 2.2, and part 5, section 5.3.2: protocol headers.
#include <gtest/gtest.h>

#include "support/amqp_script.hpp"

namespace capstan::amqp::test {
namespace {

settings sasl_only() {
    auto result = script_settings();
    result.sasl_required = true;
    return result;
}

TEST(ProtocolHeader, IsAnsweredByTheSame) {
    amqp_script().peer_sends("header amqp").expect("header amqp").expect_finished(false).check_every_cut();
}

TEST(ProtocolHeader, OfSaslIsAnsweredByTheSameAndTheMechanisms) {
    amqp_script().peer_sends("header sasl").expect("header sasl").expect("mechanisms[('PLAIN', 'ANONYMOUS')]").check_every_cut();
}

/// Whoever asks for something else is told what would do, and the connection is closed.
TEST(ProtocolHeader, ThatIsUnknownIsAnsweredByAKnownOne) {
    for (const std::string_view header : {"header tls", "header 414d515001010000", "header 414d515000000901", "header 414d515000010001",
                                          "header 414d515004010000", "header 474554202f204854", "header ffffffffffffffff"}) {
        SCOPED_TRACE(header);
        amqp_script()
            .peer_sends(header)
            .expect("header amqp")
            .expect_event("closed amqp:connection:framing-error")
            .expect_finished()
            .check_every_cut();
        amqp_script({}, sasl_only()).peer_sends(header).expect("header sasl").expect_finished().check_every_cut();
    }
}

TEST(ProtocolHeader, OfAmqpIsRefusedWhereSaslIsDemanded) {
    amqp_script({}, sasl_only()).peer_sends({"header amqp", "open[\"peer\"]"}).expect("header sasl").expect_finished().check();
}

TEST(ProtocolHeader, OfSaslComesOnce) {
    amqp_script()
        .peer_sends({"header sasl", "init['ANONYMOUS']", "header sasl"})
        .expect("header sasl")
        .expect("mechanisms[]")
        .expect("outcome[0]")
        .expect("header amqp")
        .expect_finished()
        .check_every_cut();
}

} // namespace
} // namespace capstan::amqp::test
