// Part 2, sections 2.6.14 and 2.7.5: deliveries of several frames, aborted ones, sizes.
#include "conformance/opening.hpp"

namespace capstan::amqp::test {
namespace {

TEST(Transfer, OfSeveralFramesIsOneDelivery) {
    told_link()
        .peer_sends({"transfer[0, 0, <74>, 1, false, true] + \"one \"", "heartbeat", "transfer[0, 0, <74>, 1, ~, true] + \"two \"",
                     "transfer[0, ~, ~, ~, ~, true]", "transfer[0] + \"three\""})
        .expect_event("delivery 1 id=0 tag=74 \"one two three\" format=1")
        .check_every_cut();
}

TEST(Transfer, MayBeEmpty) {
    told_link()
        .peer_sends({"transfer[0, 0, <>, 0]", "transfer[0, 1, <00>, 0, true, true]", "transfer[0]"})
        .expect_event("delivery 1 id=0 tag= \"\"")
        .expect_event("delivery 1 id=1 tag=00 \"\" settled")
        .check_every_cut();
}

TEST(Transfer, OfSeveralFramesMayBeInterleavedWithAnotherLinks) {
    told_link()
        .peer_sends(R"(attach["two", 1, false, ~, ~, source["a"], target["b"], ~, ~, 0])")
        .expect(R"(attach["two", 1, true])")
        .expect("flow[0, 5000, 1, 2048, 1, 0, 10]")
        .peer_sends({"transfer[0, 0, <00>, 0, true, true] + \"a\"", "transfer[1, 1, <01>, 0, true, true] + \"1\"",
                     "transfer[0, ~, ~, ~, ~, true] + \"b\"", "transfer[1] + \"2\"", "transfer[0] + \"c\""})
        .expect_event("attached 2 by peer")
        .expect_event("delivery 2 id=1 tag=01 \"12\" settled")
        .expect_event("delivery 1 id=0 tag=00 \"abc\" settled")
        .check_every_cut();
}

TEST(Transfer, WithoutWhatItsFirstFrameNeedsDetachesTheLink) {
    struct row {
        std::string_view frame, condition;
    };
    for (const auto& [frame, condition] :
         {row{"transfer[0]", "amqp:invalid-field"}, row{"transfer[0, ~, <00>, 0]", "amqp:invalid-field"},
          row{"transfer[0, 0, ~, 0]", "amqp:invalid-field"},
          row{"transfer[0, 0, <000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20>, 0]", "amqp:invalid-field"}}) {
        SCOPED_TRACE(frame);
        told_link()
            .peer_sends(frame)
            .expect("detach[0, true, error['" + std::string(condition) + "', _]]")
            .expect_event("detached 1 " + std::string(condition))
            .check();
    }
    told_link()
        .peer_sends("transfer[0, 0, <000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f>, 0, true]")
        .expect_event("delivery 1 id=0 tag=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f \"\" settled")
        .check();
}

TEST(Transfer, WhoseDeliveryChangesMidwayDetachesTheLink) {
    for (const std::string_view next : {"transfer[0, 1]", "transfer[0, 0, <01>]", "transfer[0, ~, <01>]", "transfer[0, 0, <00>, 5]"}) {
        SCOPED_TRACE(next);
        told_link()
            .peer_sends({"transfer[0, 0, <00>, 0, true, true] + \"a\"", next})
            .expect(R"(detach[0, true, error['amqp:invalid-field', _]])")
            .expect_event("detached 1 amqp:invalid-field")
            .peer_sends("transfer[0, 2, <02>] + \"late\"")
            .check_every_cut();
    }
}

TEST(Transfer, WithWrongFieldsClosesTheConnection) {
    for (const std::string_view frame : {"transfer[]", "transfer[~, 0, <00>]", "transfer[\"0\", 0, <00>]", "transfer[0, ulong:0, <00>]",
                                         "transfer[0, 0, \"tag\"]", "transfer[0, 0, <00>, ~, ~, 1]", "transfer[0, 0, <00>, ~, ~, ~, 2]"}) {
        SCOPED_TRACE(frame);
        incoming_link().peer_sends(frame).expect(R"(close[error['amqp:invalid-field', _]])").check();
    }
}

TEST(Transfer, ToALinkThatSendsDetachesIt) {
    outgoing_link().peer_sends("transfer[0, 0, <00>, 0]").expect(R"(detach[0, true, error['amqp:not-allowed', _]])").check();
}

TEST(Aborted, DeliveriesAreForgotten) {
    told_link({.credit = 2})
        .peer_sends({"transfer[0, 0, <00>, 0, false, true] + \"half\"", "transfer[0, ~, ~, ~, ~, ~, ~, ~, ~, true] + \"ignored\"",
                     "transfer[0, 1, <01>, 0, true] + \"whole\""})
        .expect("flow[2, 5000, 1, 2048, 0, 1, 2]") // the credit is given again
        .expect_event("delivery 1 id=1 tag=01 \"whole\" settled")
        .check_every_cut();
}

TEST(Aborted, MayBeTheFirstFrame) {
    told_link({.credit = 1})
        .peer_sends({"transfer[0, 0, <00>, 0, false, true, ~, ~, ~, true] + \"x\"", "transfer[0, 1, <01>, 0, true] + \"y\""})
        .expect("flow[1, 5000, 1, 2048, 0, 1, 1]")
        .expect_event("delivery 1 id=1 tag=01 \"y\" settled")
        .check_every_cut();
}

// --- sizes

TEST(MessageSize, OfALinkIsKept) {
    auto with = script_settings();
    with.max_message_size = 10;
    told_link({}, with)
        .peer_sends("transfer[0, 0, <00>, 0, true] + 10*x")
        .expect_event("delivery 1 id=0 tag=00 \"xxxxxxxxxx\" settled")
        .check();
    told_link({}, with)
        .peer_sends("transfer[0, 0, <00>, 0, true] + 11*x")
        .expect(R"(detach[0, true, error['amqp:link:message-size-exceeded', _]])")
        .expect_event("detached 1 amqp:link:message-size-exceeded")
        .check_every_cut();
    told_link({}, with)
        .peer_sends({"transfer[0, 0, <00>, 0, true, true] + 6*x", "transfer[0, ~, ~, ~, ~, true] + 5*x", "transfer[0] + 1*x"})
        .expect(R"(detach[0, true, error['amqp:link:message-size-exceeded', _]])")
        .expect_event("detached 1 amqp:link:message-size-exceeded")
        .check_every_cut();
}

TEST(MessageSize, OfAllUnfinishedDeliveriesIsBounded) {
    auto with = script_settings();
    with.max_partial_bytes = 10;
    told_link({}, with)
        .peer_sends(R"(attach["two", 1, false, ~, ~, source["a"], target["b"], ~, ~, 0])")
        .expect(R"(attach["two", 1, true])")
        .expect("flow[0, 5000, 1, 2048, 1, 0, 10]")
        .peer_sends({"transfer[0, 0, <00>, 0, true, true] + 6*x", "transfer[1, 1, <01>, 0, true, true] + 5*x"})
        .expect(R"(detach[1, true, error['amqp:resource-limit-exceeded', _]])")
        .expect_event("attached 2 by peer")
        .expect_event("detached 2 amqp:resource-limit-exceeded")
        .peer_sends({"transfer[0, ~, ~, ~, ~, true] + 4*y", "transfer[0]"})
        .expect_event("delivery 1 id=0 tag=00 \"xxxxxxyyyy\" settled")
        .check_every_cut();
}

/// Section 2.3.1 and 2.7.1, max-frame-size: what we write fits the smallest peer.
TEST(MessageSize, IsCutIntoThePeersFrames) {
    std::string tag;
    for (int index = 0; index < 32; ++index)
        tag += "74";
    auto script = amqp_script();
    script.peer_sends({"header amqp", R"(open["peer", ~, 512])", "begin[~, 0, 9, 9]",
                       R"(attach["out", 0, true, ~, ~, source["a"], target["b"]])", "flow[1, 9, 0, 9, 0, 0, 9]"});
    script.expect("header amqp").expect("open[\"test\"]").expect("begin[0]").expect(R"(attach["out", 0, false])");
    script
        .owner([](connection& engine) {
            const bytes half(500, 'x');
            const std::array<bytes_view, 2> pieces{half, half};
            EXPECT_TRUE(engine.send(link_id{1}, bytes(32, 't'), pieces));
            EXPECT_FALSE(engine.send(link_id{1}, bytes(33, 't'), pieces)) << "section 2.8.7: a tag has at most 32 bytes";
        })
        .expect("transfer[0, 0, <" + tag + ">, 0, false, true] + 440*x")
        .expect("transfer[0, ~, ~, ~, ~, true] + 440*x")
        .expect("transfer[0, ~, ~, ~, ~, false] + 120*x")
        .expect_frames_within(512)
        .check_every_cut();
}

/// What cannot be cut and does not fit closes the connection; an error first loses its words.
TEST(FrameSize, ThatIsTooSmallForAnAttachClosesTheConnection) {
    const std::string address(300, 'a');
    amqp_script()
        .peer_sends({"header amqp", R"(open["peer", ~, 512])", "begin[~, 0, 9, 9]"})
        .expect("header amqp")
        .expect("open[\"test\"]")
        .expect("begin[0]")
        .peer_sends(R"(attach["out", 0, true, ~, ~, source[")" + address + R"("], target[")" + address + R"("]])")
        .expect(R"(close[error['amqp:frame-size-too-small', _]])")
        .expect_frames_within(512)
        .check();
}

TEST(FrameSize, ThatIsTooSmallForAnErrorsTextLeavesTheCondition) {
    const error wordy("amqp:not-found", std::string(600, 'w'));
    auto script = amqp_script({.answers = false});
    script.peer_sends(
        {"header amqp", R"(open["peer", ~, 512])", "begin[~, 0, 9, 9]", R"(attach["a", 0, false, ~, ~, source["a"], target["b"]])"});
    script.expect("header amqp").expect("open[\"test\"]").expect("begin[0]");
    script.owner([=](connection& engine) { engine.refuse(link_id{1}, wordy); }).expect(R"(attach["a", 0, true])");
    script.expect("detach[0, true, error['amqp:not-found', ~]]");
    script.owner([=](connection& engine) { engine.end_session(0, wordy); }).expect("end[error['amqp:not-found', ~]]");
    script.owner([=](connection& engine) { engine.close(wordy); }).expect("close[error['amqp:not-found', ~]]");
    script.expect_frames_within(512).check();
}

/// Section 2.7.3, max-message-size: what the peer does not take is not sent.
TEST(OurDelivery, LargerThanThePeerTakesEndsTheLink) {
    begun_session()
        .peer_sends({R"(attach["out", 0, true, ~, ~, source["a"], target["b"], ~, ~, ~, 5])", "flow[1, 9, 0, 9, 0, 0, 9]"})
        .expect(R"(attach["out", 0, false])")
        .owner(sends("12345"))
        .expect("transfer[0, 0, <74>, 0] + \"12345\"")
        .owner([](connection& engine) {
            const bytes_view pieces[] = {as_bytes("123"), as_bytes("456")};
            EXPECT_FALSE(engine.send(link_id{1}, as_bytes("t"), pieces));
        })
        .expect(R"(detach[0, true, error['amqp:link:message-size-exceeded', _]])")
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("credited 1")
        .expect_event("detached 1 amqp:link:message-size-exceeded")
        .expect_that([](const connection& engine) { return engine.find(link_id{1}) == nullptr; })
        .check_every_cut();
}

} // namespace
} // namespace capstan::amqp::test
