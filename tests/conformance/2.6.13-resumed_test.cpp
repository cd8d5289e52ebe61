// Part 2, sections 2.6.13 and 2.7.5: deliveries that are resumed. We keep none across attaches, so that none of them is known.
#include "conformance/opening.hpp"

namespace capstan::amqp::test {
namespace {

/// Section 2.7.5: "The receiver MUST ignore resumed deliveries that are not in its local unsettled map." Their credit is given again.
TEST(Resumed, DeliveriesAreIgnored) {
    told_link({.credit = 2})
        .peer_sends({"transfer[0, 0, <00>, 0, false, false, ~, ~, true] + \"again\"", "transfer[0, 1, <01>, 0, false] + \"new\""})
        .expect("flow[1, 5000, 1, 2048, 0, 1, 2]")
        .expect_event("delivery 1 id=1 tag=01 \"new\"")
        .check_every_cut();
}

/// The flag stands on the first frame, and may stand on the others.
TEST(Resumed, DeliveriesOfSeveralFramesAreIgnoredToTheirEnd) {
    told_link({.credit = 1})
        .peer_sends({"transfer[0, 0, <00>, 0, false, true, ~, ~, true] + \"a\"", "transfer[0, ~, ~, ~, ~, true] + \"b\"",
                     "transfer[0, 0, <00>, 0, ~, false, ~, ~, true] + \"c\""})
        .expect("flow[3, 5000, 1, 2048, 0, 1, 1]")
        .peer_sends("transfer[0, 1, <01>, 0, true] + \"new\"")
        .expect_event("delivery 1 id=1 tag=01 \"new\" settled")
        .check_every_cut();
}

TEST(Resumed, DeliveriesMayBeAborted) {
    told_link({.credit = 1})
        .peer_sends({"transfer[0, 0, <00>, 0, false, true, ~, ~, true] + \"a\"", "transfer[0, ~, ~, ~, ~, ~, ~, ~, ~, true]"})
        .expect("flow[2, 5000, 1, 2048, 0, 1, 1]")
        .peer_sends("transfer[0, 1, <01>, 0, true] + \"new\"")
        .expect_event("delivery 1 id=1 tag=01 \"new\" settled")
        .check_every_cut();
}

/// Nothing is kept of them, so no limit of sizes is theirs.
TEST(Resumed, DeliveriesTakeNoMemory) {
    auto with = script_settings();
    with.max_message_size = with.max_partial_bytes = 10;
    told_link({.credit = 1}, with)
        .peer_sends({"transfer[0, 0, <00>, 0, false, true, ~, ~, true] + 20*x", "transfer[0] + 20*x"})
        .expect("flow[2, 5000, 1, 2048, 0, 1, 1]")
        .check_every_cut();
}

/// Only the state may be left to tell (section 2.6.13): a frame without payload.
TEST(Resumed, DeliveriesMayBeEmpty) {
    told_link({.credit = 1})
        .peer_sends("transfer[0, 0, <00>, 0, true, false, ~, accepted[], true]")
        .expect("flow[1, 5000, 1, 2048, 0, 1, 1]")
        .check_every_cut();
}

TEST(Resumed, IsNotSaidOfADeliveryThatIsUnderWay) {
    told_link({.credit = 1})
        .peer_sends({"transfer[0, 0, <00>, 0, true, true] + \"a\"", "transfer[0, ~, ~, ~, ~, ~, ~, ~, true] + \"b\""})
        .expect_event("delivery 1 id=0 tag=00 \"ab\" settled")
        .check_every_cut();
}

TEST(Resumed, DeliveriesNeedCreditAndATag) {
    told_link({.credit = 0})
        .peer_sends("transfer[0, 0, <00>, 0, true, false, ~, ~, true]")
        .expect(R"(detach[0, true, error['amqp:link:transfer-limit-exceeded', _]])")
        .expect_event("detached 1 amqp:link:transfer-limit-exceeded")
        .check();
    told_link({.credit = 1})
        .peer_sends("transfer[0, 0, ~, 0, true, false, ~, ~, true]")
        .expect(R"(detach[0, true, error['amqp:invalid-field', _]])")
        .expect_event("detached 1 amqp:invalid-field")
        .check();
}

} // namespace
} // namespace capstan::amqp::test
