// Part 2, section 2.3: what a frame looks like.
#include "conformance/opening.hpp"

namespace capstan::amqp::test {
namespace {

constexpr auto framing_error = R"(close[error['amqp:connection:framing-error', _]])";

struct malformed_frame {
    std::string_view name, hex;
};
const malformed_frame malformed_frames[] = {
    {"size 0", "00000000 02000000"},
    {"size 7", "00000007 02000000"},
    {"size above max-frame-size", "00010001 02000000"},
    {"size of four gigabytes", "ffffffff 02000000"},
    {"doff 0", "0000000c 00000000 00531145"},
    {"doff 1", "0000000c 01000000 00531145"},
    {"doff beyond the frame", "0000000c 04000000 00531145"},
    {"doff far beyond the frame", "0000000c ff000000 00531145"},
    {"type 2", "0000000c 02020000 00531145"},
    {"type 255", "0000000c 02ff0000 00531145"},
    {"a SASL frame after SASL", "0000000c 02010000 00534045"},
};

TEST(Frames, ThatAreMalformedCloseTheConnection) {
    for (const auto& each : malformed_frames) {
        SCOPED_TRACE(each.name);
        opened_connection().peer_sends(from_hex_text(each.hex)).expect(framing_error).expect_finished().check_every_cut();
    }
}

TEST(Frames, ThatAreMalformedCloseTheConnectionAlsoBeforeItIsOpen) {
    for (const auto& each : malformed_frames) {
        SCOPED_TRACE(each.name);
        amqp_script()
            .peer_sends("header amqp")
            .expect("header amqp")
            .peer_sends(from_hex_text(each.hex))
            .expect(R"(open["test"])")
            .expect(framing_error)
            .expect_finished()
            .check();
    }
}

TEST(Frames, AreReadUpToOurMaxFrameSize) {
    auto small = script_settings();
    small.max_frame_size = 512;
    octets frame = from_hex_text("00000200 02000000");
    frame.resize(512); // its body begins with a described value that is described by a described value…
    opened_connection({}, small).peer_sends(frame).expect(R"(close[error['amqp:decode-error', _]])").check_every_cut();
    frame = from_hex_text("00000201 02000000");
    opened_connection({}, small).peer_sends(frame).expect(framing_error).expect_finished().check();
}

TEST(Frames, MayHaveAnExtendedHeader) {
    opened_connection()
        .peer_sends(from_hex_text("0000001c 04000003 ffffffffffffffff 005311c0070440430152ff43"))
        .expect(R"(close[error['amqp:decode-error', _]])") // 01 begins no value
        .check();
    opened_connection()
        .peer_sends(from_hex_text("0000001c 04000003 ffffffffffffffff 005311c00704404352015202"))
        .expect("begin[3, 1, 5000, 1, 262143]")
        .check_every_cut();
}

TEST(Frames, WithoutBodyAreHeartbeats) {
    opened_connection().peer_sends({"heartbeat", "7: heartbeat", "heartbeat"}).expect_finished(false).check_every_cut();
    opened_connection().peer_sends(from_hex_text("0000000c 03000000 00000000")).check_every_cut();
}

TEST(Frames, WithoutPerformativeCloseTheConnection) {
    for (const std::string_view body : {"40", "a10161", "45", "00", "0000", "005311", "0053", "00a3", "00a30561", "ff", "c00101"}) {
        SCOPED_TRACE(body);
        opened_connection().peer_sends("#<" + std::string(body) + ">").expect(R"(close[error['amqp:decode-error', _]])").check();
    }
}

TEST(Frames, OfUnknownPerformativesCloseTheConnection) {
    for (const std::string_view body : {"0x19[]", "0x00[]", "0xff[1, 2]", "'amqp:unknown:list'[]", "'x'[]", "#<008000000000000001101045>",
                                        "#<00520a45>", "source[\"a\"]"}) {
        SCOPED_TRACE(body);
        opened_connection().peer_sends(body).expect(R"(close[error['amqp:decode-error', _]])").check();
    }
}

/// Section 2.7.1, channel-max: the connection is closed with a framing error.
TEST(Frames, OnAChannelAboveChannelMaxCloseTheConnection) {
    for (const std::string_view frame : {"8192: begin[~, 0, 1, 1]", R"(8192: attach["a", 0, true])", "65535: flow[0, 1, 0, 1]",
                                         "65535: transfer[0, 0, <00>]", "8192: end[]", "9000: detach[0]", "9000: disposition[true, 0]"}) {
        SCOPED_TRACE(frame);
        opened_connection().peer_sends(frame).expect(framing_error).check();
    }
    opened_connection().peer_sends("8191: begin[~, 0, 1, 1]").expect("begin[8191]").check();
}

TEST(Frames, ThatAreManyAreReadInTheirOrder) {
    opened_connection()
        .peer_sends({"heartbeat", "begin[~, 0, 1, 1]", "7: begin[~, 0, 1, 1]", "heartbeat", "end[]", "7: end[]"})
        .expect("begin[0]")
        .expect("1: begin[7]")
        .expect("end[]")
        .expect("1: end[]")
        .check_every_cut();
}

} // namespace
} // namespace capstan::amqp::test
