// Part 1, sections 1.1 to 1.4, and part 2, section 2.7: all ways to write a performative, and some that are none.
#include "conformance/opening.hpp"

namespace capstan::amqp::test {
namespace {

/// The same begin, written in every way that there is.
TEST(Performative, MayBeWrittenInManyWays) {
    for (const std::string_view begin : {
             "begin[~, 0, 1, 2]", "begin[~, 0, 1, 2, ~, ~, ~, ~]", "begin[~, 0, 1, 2, 4294967295, ~, ~, ~, \"unknown\", 5, [1]]",
             "'amqp:begin:list'[~, 0, 1, 2]", "begin[#<40>, #<43>, #<5201>, #<5202>]",
             "#<00 80 0000000000000011 c0 07 04 40 43 5201 5202>",                               // descriptor as ulong
             "#<00 53 11 d0 0000000a 00000004 40 43 5201 5202>",                                  // list32
             "#<00 b3 0000000f 616d71703a626567696e3a6c697374 c0 07 04 40 43 5201 5202>",         // sym32
             "#<00 53 11 c0 10 05 40 70 00000000 5201 5202 70ffffffff>",                          // uint
             "begin[~, 0, 1, 2, ~, ('a'), 'b', {'k'=\"v\"}]",
             "begin[~, 0, 1, 2, ~, #<e00200a3>, #<f00000000500000000b3>, #<c10100>]",              // arrays of nothing, empty map
             "begin[~, 0, 1, 2, ~, #<e00100>, #<f00000000400000000>]",                            // as Azure's Python clients write them
         }) {
        SCOPED_TRACE(begin);
        opened_connection().peer_sends(begin).expect("begin[0, 1, 5000, 1, 262143]").check_every_cut();
    }
}

TEST(Performative, WithExplicitNullsHasTheDefaults) {
    incoming_link()
        .peer_sends("transfer[0, 0, <00>, ~, ~, ~, ~, ~, ~, ~, ~] + \"x\"")
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("delivery 1 id=0 tag=00 \"x\"")
        .check();
}

TEST(Performative, ThatIsBadlyEncodedClosesTheConnection) {
    std::string deep; // lists within lists
    for (int depth = 0; depth < 100; ++depth)
        deep += "d0 7fffffff 00000001 ";
    const std::string bodies[] = {
        "005311 c0 07 05 40 43 5201 5202",             // counts more than there is
        "005311 c0 ff 04 40 43 5201 5202",             // is longer than the frame
        "005311 d0 ffffffff 00000004 40 43 5201 5202", // far longer
        "005311 d0 00000004 ffffffff",                 // four thousand million fields
        "005311 c0 00",                                // no room for its count
        "005311 c1 07 04 40 43 5201 5202",             // a map
        "005311 a1 01 61",                             // a string
        "005311",                                      // nothing
        "005311 40",                                   // null
        "005311 c0 05 02 40 52 01",                    // a value cut short
        "005311 c0 02 01 3f",                          // a constructor that there is none of
        "005311 c0 0b 08 40 43 5201 5202 40 40 40 c1", // a map cut short
        "005311 c0 0e 08 40 43 5201 5202 40 40 40 c1 02 01 40", // a map of an odd number
        "005311 c0 0d 08 40 43 5201 5202 40 40 40 00 40",       // a descriptor without value
        "005311" + deep,
        "005311 c0 14 08 40 43 5201 5202 40 40 40 f0 00000006 ffffffff a1 01", // an array of four thousand million
    };
    for (const auto& body : bodies) {
        SCOPED_TRACE(body);
        opened_connection().peer_sends("#<" + body + ">").expect(R"(close[error['amqp:decode-error', _]])").check();
    }
}

TEST(Performative, WithAFieldOfTheWrongTypeClosesTheConnection) {
    for (const std::string_view begin : {"begin[\"0\", 0, 1, 1]", "begin[~, long:0, 1, 1]", "begin[~, 0, 1, 1, ulong:5]",
                                         "begin[~, 0, 1, true]", "begin[~, 0, [1], 1]", "begin[~, 0, source[\"a\"], 1]"})
        opened_connection().peer_sends(begin).expect(R"(close[error['amqp:invalid-field', _]])").check_every_cut();
}

/// Sections 1.3 and 1.4 of part 1: `fields` are maps, capabilities one symbol or an array of symbols.
TEST(Performative, WithPropertiesOrCapabilitiesOfTheWrongTypeIsRefused) {
    for (const std::string_view begin : {R"(~, "c")", "~, ~, ['c']", "~, []", "~, {}", "~, #<e00401a10163>", "~, ~, #<e006010045a30163>",
                                         R"(~, ~, ~, "p")", "~, ~, ~, []"}) {
        SCOPED_TRACE(begin);
        opened_connection()
            .peer_sends("begin[~, 0, 1, 1, " + std::string(begin) + "]")
            .expect(R"(close[error['amqp:invalid-field', _]])")
            .check();
    }
    for (const std::string_view attach :
         {R"("u", ~, 0)", "~, ~, 0, ~, 5", "~, ~, 0, ~, ~, 5", R"(~, ~, 0, ~, ~, ~, "p")", "~, ~, 0, ~, ~, ~, ['k']"}) {
        SCOPED_TRACE(attach);
        begun_session()
            .peer_sends(R"(attach["a", 0, false, ~, ~, source["a"], target["b"], )" + std::string(attach) + "]")
            .expect(R"(close[error['amqp:invalid-field', _]])")
            .check();
    }
    begun_session().peer_sends(R"(flow[1, 9, 1, 9, ~, ~, ~, ~, ~, ~, "p"])").expect(R"(close[error['amqp:invalid-field', _]])").check();
    amqp_script()
        .peer_sends({"header amqp", R"(open["peer", ~, ~, ~, ~, ~, ~, ~, ~, "p"])"})
        .expect("header amqp")
        .expect(R"(open["test"])")
        .expect(R"(close[error['amqp:invalid-field', _]])")
        .check();
}

/// Arrays that lack their elements' constructor are let pass where they say the same as null, and nowhere else.
TEST(Performative, WithAMalformedArrayInAMapClosesTheConnection) {
    for (const std::string_view frame : {R"(attach["a", 0, false, ~, ~, source["a"], target["b"], ~, ~, 0, ~, ~, ~, {'k'=#<e00100>}])",
                                         R"(attach["a", 0, false, ~, ~, source["a", ~, ~, ~, ~, {'k'=#<e00100>}], target["b"]])",
                                         R"(attach["a", 0, #<e00100>])", R"(attach["a", 0, false, ~, ~, ~, ~, #<e00100>])"}) {
        SCOPED_TRACE(frame);
        begun_session().peer_sends(frame).expect(R"(close[error['amqp:decode-error', _]])").check();
    }
}

/// Octets between the last counted field and the end of the list.
TEST(Performative, WithOctetsBehindItsLastFieldClosesTheConnection) {
    for (const std::string_view body :
         {"005311 c0 08 04 40 43 5201 5202 40", "005311 c0 09 04 40 43 5201 5202 5203", "005311 d0 0000000b 00000004 40 43 5201 5202 00",
          "005311 c0 0d 08 40 43 5201 5202 40 40 40 40 ff"}) {
        SCOPED_TRACE(body);
        opened_connection().peer_sends("#<" + std::string(body) + ">").expect(R"(close[error['amqp:decode-error', _]])").check();
    }
    opened_connection().peer_sends("#<005318 c0 03 01 40 40>").expect(R"(close[error['amqp:decode-error', _]])").check();
}

/// What lies behind a performative that has no payload is not ours to judge.
TEST(Performative, MayBeFollowedByAPayload) { opened_connection().peer_sends("begin[~, 0, 1, 2] + \"more\"").expect("begin[0]").check(); }

// --- frames that real clients sent (contract/traces), byte for byte

TEST(RecordedFrames, OfRhea) {
    amqp_script()
        .peer_sends("header amqp")
        .expect("header amqp")
        .peer_sends(
            from_hex_text("0000004c02000000005310d00000003c00000002a12464623030633137632d306466652d353934322d393838332d65393235663938"
                          "326430616"
                          "6a1106578616d6875622e6875622e74657374"))
        .expect(R"(open["test"])")
        .peer_sends(from_hex_text("0000002002000000005311d000000010000000044043700000080070ffffffff"))
        .expect("begin[0, 1, 5000, 2048]")
        .peer_sends(from_hex_text("000000a102000000005312d0000000910000000ea12f7268656153656e6465725f36626636663765622d343835312d346539322d"
                                  "623764392d6130666263643835"
                                  "376334614342404000532845005329d00000000a00000001a10424636273404043404040d10000003700000002a31c636f6d2e6d"
                                  "6963726f736f66743a636c6965"
                                  "6e742d76657273696f6ea113617a7572652d696f746875622f312e31362e36"))
        .expect(
            R"(attach["rheaSender_6bf6f7eb-4851-4e92-b7d9-a0fbcd857c4a", 0, true, ~, ~, source[], target["$cbs"], ~, false, ~, 1048576, )"
            R"(~, ~, {'com.microsoft:client-version'="azure-iothub/1.16.6"}])")
        .expect("flow[0, 5000, 1, 2048, 0, 0, 10, 0, false, false]")
        .peer_sends(
            from_hex_text("0000002902000000005313d00000001900000007437000000800520170fffffffe52014370000003e8")) // handle 1: not there
        .expect(R"(end[error['amqp:session:unattached-handle', _]])")
        .check_every_cut();
}

TEST(RecordedFrames, OfRheasDisposition) {
    outgoing_link()
        .peer_sends("flow[1, 2048, 0, 2048, 0, 0, 1]")
        .owner(sends("x"))
        .expect("transfer[0, 0, <74>, 0, false, false] + \"x\"")
        .peer_sends(from_hex_text("0000001c02000000005315d00000000c000000054143434100532445"))
        .expect_event("opened peer")
        .expect_event("attached 1 by peer")
        .expect_event("credited 1")
        .expect_event("disposed 1 0..0 accepted settled")
        .check_every_cut();
}

} // namespace
} // namespace capstan::amqp::test
