// Performatives, errors, termini and delivery states as bytes. The bytes that are expected come from others: frames of Azure's hub
// (contract/iothub-amqp.md, appendix A) and of rhea (contract/traces).
#include <capstan/amqp/performatives.hpp>

#include <gtest/gtest.h>

#include <capstan/amqp/terminus.hpp>

#include "unit/amqp/codec/rows.hpp"

namespace capstan::amqp::test {
namespace {

/// A performative's fields, its descriptor read.
template<class Performative> std::expected<Performative, error> read_from(const bytes& raw) {
    decoder from(raw);
    std::optional<std::uint64_t> code;
    std::string_view name;
    EXPECT_TRUE(from.enter_described() && from.read_descriptor(code, name));
    EXPECT_EQ(code, Performative::code);
    return read_fields<Performative>(from);
}

template<class Performative> bytes written(const Performative& what) {
    bytes out;
    encoder to(out);
    write(to, what);
    return out;
}

TEST(Performatives, OfRheaAreRead) {
    const auto opening =
        from_hex("005310d00000003c00000002a12464623030633137632d306466652d353934322d393838332d653932356639383264306166a110657861"
                 "6d6875622e6875622e74657374");
    const auto open = read_from<amqp::open>(opening);
    ASSERT_TRUE(open);
    EXPECT_EQ(open->container_id, "db00c17c-0dfe-5942-9883-e925f982d0af");
    EXPECT_EQ(open->hostname, "examhub.hub.test");
    EXPECT_EQ(open->max_frame_size, 4'294'967'295u);
    EXPECT_EQ(open->channel_max, 65'535u);
    EXPECT_FALSE(open->idle_time_out);

    const auto flowing = from_hex("005313d00000001900000007437000000800520170fffffffe52014370000003e8");
    const auto flow = read_from<amqp::flow>(flowing);
    ASSERT_TRUE(flow);
    EXPECT_EQ(flow->next_incoming_id, 0u);
    EXPECT_EQ(flow->incoming_window, 2'048u);
    EXPECT_EQ(flow->next_outgoing_id, 1u);
    EXPECT_EQ(flow->handle, 1u);
    EXPECT_EQ(flow->link_credit, 1'000u);
    EXPECT_FALSE(flow->available || flow->drain || flow->echo);

    const auto judging = from_hex("005315d00000000c000000054143434100532445");
    const auto disposition = read_from<amqp::disposition>(judging);
    ASSERT_TRUE(disposition);
    EXPECT_TRUE(disposition->receiver && disposition->settled);
    EXPECT_EQ(decode_state(disposition->state)->what, delivery_state::shape::accepted);
}

/// All fields are written, none left out at the end (contract/event-hubs.md, section 2.5).
TEST(Performatives, AreWrittenInFull) {
    amqp::begin begin;
    begin.remote_channel = 0;
    begin.next_outgoing_id = 1;
    begin.incoming_window = 5'000;
    begin.outgoing_window = 4'294'967'295;
    begin.handle_max = 262'143;
    EXPECT_EQ(written(begin), from_hex("005311 c0 18 08 600000 5201 7000001388 70ffffffff 700003ffff 40 40 40"));
    EXPECT_EQ(written(amqp::end{}), from_hex("005317 c0 02 01 40"));
    EXPECT_EQ(written(detach{.handle = 2, .closed = true, .error = {}}), from_hex("005316 c0 05 03 5202 41 40"));
    EXPECT_EQ(written(sasl_outcome{.outcome = 0, .additional_data = {}}), from_hex("005344 c0 04 02 5000 40"));
}

struct wrong_row {
    std::string_view name, hex, condition;
};
const wrong_row wrong_detaches[] = {
    {"no field", "005316 45", "amqp:invalid-field"},
    {"null where a handle must be", "005316 c00201 40", "amqp:invalid-field"},
    {"text where a handle must be", "005316 c00401 a10161", "amqp:invalid-field"},
    {"a number where a truth must be", "005316 c00402 43 5201", "amqp:invalid-field"},
    {"a field that is cut short", "005316 c00301 7000", "amqp:decode-error"},
    {"more fields than there are", "005316 c00203 43", "amqp:decode-error"},
    {"an unknown field that is malformed", "005316 c00504 43 42 40 a1", "amqp:decode-error"},
    {"a map", "005316 c10302 43 42", "amqp:decode-error"},
};

TEST(Performatives, ThatAreWrongSayWhy) {
    for (const auto& row : wrong_detaches) {
        SCOPED_TRACE(row.name);
        const auto raw = from_hex(row.hex);
        const auto read = read_from<detach>(raw);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().condition, row.condition);
        EXPECT_TRUE(read.error().description.starts_with("amqp:detach:list")) << read.error().description;
    }
}

TEST(Errors, SurviveWritingAndReading) {
    const error full("amqp:link:redirect", "elsewhere", from_hex("c1 08 02 a30168 a102 6f6b"));
    const auto raw = encode(full);
    const auto again = decode_error({raw});
    EXPECT_EQ(again.condition, full.condition);
    EXPECT_EQ(again.description, full.description);
    EXPECT_EQ(again.info, full.info);
    EXPECT_TRUE(encode(error()).empty());
    EXPECT_FALSE(decode_error({}));
    for (const std::string_view nonsense : {"40", "45", "00531dc00401a10161", "005324c00201 40", "00531d40"}) {
        const auto bad = from_hex(nonsense);
        EXPECT_FALSE(decode_error({bad})) << nonsense;
    }
}

TEST(Termini, AreRead) {
    // As rhea writes them; the second is a receiver's target without an address.
    const auto source = from_hex("005328d0000000250000 0001a11f2f6d657373616765732f73657276696365426f756e642f666565646261636b");
    EXPECT_EQ(decode_terminus({source})->address, "/messages/serviceBound/feedback");
    EXPECT_EQ(decode_terminus({source})->what, terminus::shape::source);
    const auto target = from_hex("00532945");
    EXPECT_EQ(decode_terminus({target})->what, terminus::shape::target);
    EXPECT_EQ(decode_terminus({target})->address, "");
    EXPECT_EQ(decode_terminus({})->what, terminus::shape::none);
    const auto dynamic = from_hex("005328 c0 06 05 40 40 40 40 41");
    EXPECT_TRUE(decode_terminus({dynamic})->dynamic);
    const auto filter = from_hex("005328 c0 11 08 40 40 40 40 40 40 40 c1 07 02 a30166 a10178");
    EXPECT_EQ(decode_terminus({filter})->filter, from_hex("c1 07 02 a30166 a10178"));
    const auto coordinator = from_hex("00533045");
    EXPECT_EQ(decode_terminus({coordinator})->what, terminus::shape::coordinator);
    const auto by_name = from_hex("00a310616d71703a7461726765743a6c697374 c004 01 a10161");
    EXPECT_EQ(decode_terminus({by_name})->what, terminus::shape::target);
    for (const std::string_view nonsense : {"43", "45", "0053", "00532840"}) {
        const auto bad = from_hex(nonsense);
        EXPECT_FALSE(decode_terminus({bad})) << nonsense;
    }
    const auto ours = encode_source("here");
    EXPECT_EQ(decode_terminus({ours})->address, "here");
}

TEST(DeliveryStates, AreReadAndWritten) {
    using shape = delivery_state::shape;
    struct row {
        std::string_view hex;
        shape what;
    };
    for (const auto& [hex, what] :
         {row{"005323 c0 03 02 43 44", shape::received}, row{"00532445", shape::accepted}, row{"00532545", shape::rejected},
          row{"00532645", shape::released}, row{"00532745", shape::modified}, row{"00533445", shape::other}}) {
        const auto raw = from_hex(hex);
        const auto state = decode_state({raw});
        ASSERT_TRUE(state) << hex;
        EXPECT_EQ(state->what, what) << hex;
    }
    EXPECT_EQ(encode(delivery_state::accepted()), from_hex("00532445"));
    EXPECT_EQ(encode(delivery_state::released()), from_hex("00532645"));
    const auto rejected = encode(delivery_state::rejected({"amqp:not-allowed", "no"}));
    EXPECT_EQ(decode_state({rejected})->error.condition, "amqp:not-allowed");
    EXPECT_EQ(decode_state({rejected})->error.description, "no");
    const auto modified = from_hex("005327 c0 03 02 41 41");
    EXPECT_TRUE(decode_state({modified})->delivery_failed && decode_state({modified})->undeliverable_here);
    EXPECT_EQ(encode(*decode_state({modified})), modified);
    EXPECT_EQ(decode_state({})->what, shape::none);
    EXPECT_TRUE(encode(delivery_state{}).empty());
    for (const std::string_view nonsense : {"43", "005324", "00532440", "00532345"}) {
        const auto bad = from_hex(nonsense);
        EXPECT_FALSE(decode_state({bad})) << nonsense;
    }
}

TEST(Symbols, OfAMultipleFieldAreOneOrAnArray) {
    using names = std::vector<std::string>;
    const auto read = [](std::string_view hex) {
        const auto raw = from_hex(hex);
        return decode_symbols({raw});
    };
    EXPECT_EQ(read("a30141"), names{"A"});
    EXPECT_EQ(read("e0 06 02 a3 0141 0142"), (names{"A", "B"}));
    EXPECT_EQ(read("f0 00000009 00000001 b3 00000000"), names{""});
    EXPECT_EQ(read("45"), names{});
    EXPECT_EQ(read(""), names{});
}

} // namespace
} // namespace capstan::amqp::test
