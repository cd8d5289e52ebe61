// Part 2, section 2.4.5: silence, ours and the peer's.
#include "conformance/opening.hpp"

namespace capstan::amqp::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

amqp_script connection_of_peer_with_time_out(std::string_view time_out) {
    amqp_script script;
    script.peer_sends({"header amqp", "open[\"peer\", ~, ~, ~, " + std::string(time_out) + "]"})
        .expect("header amqp")
        .expect("open[\"test\"]");
    return script;
}

TEST(IdleTimeOut, OfThePeerIsHalvedForHeartbeats) {
    connection_of_peer_with_time_out("60000")
        .after(milliseconds(29'999))
        .after(milliseconds(1))
        .expect("heartbeat")
        .after(milliseconds(29'999))
        .after(milliseconds(1))
        .expect("heartbeat")
        .check();
}

TEST(IdleTimeOut, NeedsNoHeartbeatWhereSomethingElseWasWritten) {
    connection_of_peer_with_time_out("60000")
        .after(milliseconds(20'000))
        .peer_sends("begin[~, 0, 1, 1]")
        .expect("begin[0]")
        .after(milliseconds(29'000))
        .after(milliseconds(1'000))
        .expect("heartbeat")
        .check();
}

TEST(IdleTimeOut, ThatIsAbsentOrZeroMeansNoHeartbeats) {
    for (const std::string_view time_out : {"~", "0"})
        connection_of_peer_with_time_out(time_out).after(seconds(200)).peer_sends("heartbeat").after(seconds(200)).check();
}

TEST(IdleTimeOut, ThatIsTinyDoesNotMakeUsWriteWithoutPause) {
    connection_of_peer_with_time_out("1")
        .after(milliseconds(99))
        .after(milliseconds(1))
        .expect("heartbeat")
        .after(milliseconds(50))
        .check();
}

constexpr auto forced = R"(close[error['amqp:connection:forced', _]])";

TEST(IdleTimeOut, OfOursClosesASilentConnection) {
    opened_connection().after(milliseconds(239'999)).after(milliseconds(1)).expect(forced).after(seconds(5)).expect_finished().check();
}

TEST(IdleTimeOut, OfOursBeginsAgainWithEachFrame) {
    opened_connection()
        .after(seconds(239))
        .peer_sends("heartbeat")
        .after(seconds(239))
        .peer_sends("heartbeat")
        .after(seconds(240))
        .expect(forced)
        .check();
}

/// "When no frames are received": one that dribbles in does not count before it is whole.
TEST(IdleTimeOut, OfOursCountsFramesNotBytes) {
    opened_connection()
        .peer_sends(from_hex_text("000000"))
        .after(seconds(100))
        .peer_sends(from_hex_text("08"))
        .after(seconds(100))
        .peer_sends(from_hex_text("02"))
        .after(seconds(40))
        .expect(forced)
        .check();
}

TEST(IdleTimeOut, OfOursCanBeSwitchedOff) {
    auto patient = script_settings();
    patient.idle_time_out = milliseconds(0);
    amqp_script({}, patient)
        .peer_sends({"header amqp", R"(open["peer"])"})
        .expect("header amqp")
        .expect(R"(open["test", "localhost", 65536, 8191, ~])")
        .after(std::chrono::hours(1'000))
        .check();
}

TEST(HandshakeTimeOut, EndsWhoeverDoesNotOpen) {
    for (const std::string_view bytes :
         {"", "41", "414d5150000100", "414d515003010000", "414d515000010000", "414d515000010000 0000000f02"}) {
        SCOPED_TRACE(bytes);
        const auto sent = from_hex_text(bytes);
        amqp_script script;
        script.peer_sends(sent);
        if (sent.size() >= 8)
            script.expect(sent[4] == 3 ? "header sasl" : "header amqp");
        if (sent.size() >= 8 && sent[4] == 3)
            script.expect("mechanisms[]");
        script.after(milliseconds(29'999)).expect_finished(false).after(milliseconds(1)).expect_finished().check();
    }
}

/// Bytes one by one keep nobody in.
TEST(HandshakeTimeOut, CountsFromTheBeginning) {
    amqp_script script;
    for (int index = 0; index < 7; ++index)
        script.peer_sends(octets{static_cast<std::uint8_t>("AMQP\0\1\0"[index])}).after(seconds(4));
    script.expect_finished(false).after(seconds(2)).expect_finished().check();
}

// --- deadlines, as the owner of an engine sees them

struct timed_connection {
    timed_connection() {
        receive("header amqp");
        receive(R"(open["peer", ~, ~, ~, 60000])");
    }
    void receive(std::string_view what) {
        const auto raw = encode_unit(what);
        engine.receive(raw, now);
        while (engine.next_event()) {}
    }
    void write() {
        while (!engine.output().empty())
            engine.sent(engine.output().size());
    }
    const settings with = script_settings();
    steady_time now{std::chrono::hours(1)};
    connection engine{side::server, with, now};
};

TEST(Deadline, IsThatOfTheHeartbeatThenOfTheTimeOut) {
    timed_connection peer;
    peer.write();
    EXPECT_EQ(peer.engine.next_deadline(), peer.now + seconds(30));
    peer.now += seconds(30);
    peer.engine.tick(peer.now);
    EXPECT_EQ(peer.engine.output_size(), 8u);
    peer.write();
    EXPECT_EQ(peer.engine.next_deadline(), peer.now + seconds(30));
}

/// Else an owner whose socket takes nothing would turn and turn.
TEST(Deadline, OfAHeartbeatIsNoneWhileOutputWaits) {
    timed_connection peer;
    EXPECT_GT(peer.engine.output_size(), 0u);
    peer.now += seconds(31);
    peer.engine.tick(peer.now);
    EXPECT_EQ(peer.engine.next_deadline(), peer.now + seconds(209));
}

/// The owner may close long after the engine last heard what time it is.
TEST(Deadline, OfACloseCountsFromTheNextTick) {
    timed_connection peer;
    peer.write();
    peer.now += seconds(20);
    peer.engine.close();
    EXPECT_LE(peer.engine.next_deadline(), peer.now);
    peer.engine.tick(peer.now);
    EXPECT_EQ(peer.engine.next_deadline(), peer.now + seconds(5));
    EXPECT_GT(peer.engine.output_size(), 0u);
}

TEST(Deadline, BoundsAlsoTheWritingOfTheLastBytes) {
    timed_connection peer;
    peer.write();
    peer.receive("close[]");
    EXPECT_GT(peer.engine.output_size(), 0u);
    peer.engine.tick(peer.now);
    ASSERT_EQ(peer.engine.next_deadline(), peer.now + seconds(5));
    EXPECT_FALSE(peer.engine.finished());
    peer.engine.tick(peer.now + seconds(5));
    EXPECT_TRUE(peer.engine.finished());
    EXPECT_FALSE(peer.engine.next_deadline());
}

} // namespace
} // namespace capstan::amqp::test
