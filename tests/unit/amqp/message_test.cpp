// Messages: found sections, properties, bodies, sizes; what the builder writes.
#include <capstan/amqp/message.hpp>

#include <gmock/gmock.h>

#include "unit/amqp/codec/rows.hpp"
#include "unit/amqp/message_rows.hpp"

namespace capstan::amqp::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const uuid some_uuid{{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}};

/// A message and the bytes it lies in.
struct parsed {
    explicit parsed(std::string_view hex) : payload(from_hex(hex)), view(message_view::parse(payload).value()) {}
    explicit parsed(bytes written) : payload(std::move(written)), view(message_view::parse(payload).value()) {}
    bytes payload;
    message_view view;
};

std::string sections_of(const message_view& message) {
    std::string names;
    for (std::uint8_t code = 0x70; code <= 0x78; ++code) {
        if (message.get(section_code{code})) {
            names += (names.empty() ? "" : " ") + std::string(name_of(section_code{code}));
        }
    }
    return names;
}

std::vector<std::string> data_of(const message_view& message) {
    std::vector<std::string> all;
    for (const bytes_view part : message.data()) {
        all.emplace_back(as_text(part));
    }
    return all;
}

TEST(Messages, AreParsed) {
    for (const message_row& row : message_rows()) {
        SCOPED_TRACE(row.name);
        const parsed message(row.hex);
        EXPECT_EQ(sections_of(message.view), row.sections);
        EXPECT_EQ(message.view.body_size(), row.body_size);
        EXPECT_EQ(accounted_size(message.view), row.accounted_size);
        EXPECT_TRUE(read_header(message.view.header().content));
        EXPECT_TRUE(read_properties(message.view.properties().content));
    }
}

TEST(Messages, BadOnesAreRefusedWithAReason) {
    for (const bad_message_row& row : bad_message_rows()) {
        SCOPED_TRACE(row.name);
        const bytes payload = from_hex(row.hex);
        const auto message = message_view::parse(payload);
        ASSERT_FALSE(message);
        EXPECT_EQ(message.error(), row.why);
    }
}

/// A cut between two sections leaves a message; any other is refused.
TEST(Messages, CutShortAnywhereAreRefusedOrWhole) {
    for (const message_row& row : message_rows()) {
        const bytes payload = from_hex(row.hex);
        for (std::size_t size = 0; size < payload.size(); ++size) {
            const bytes cut(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(size));
            const auto message = message_view::parse(cut);
            std::size_t sum = 0;
            for (std::uint8_t code = 0x70; message && code <= 0x78; ++code) {
                sum += message->get(section_code{code}).whole.raw.size();
            }
            EXPECT_EQ(sum, message ? size : 0) << row.name << " cut to " << size;
        }
    }
}

TEST(Messages, DamagedAnywhereAreHandled) {
    for (const message_row& row : message_rows()) {
        const bytes good = from_hex(row.hex);
        for (std::size_t at = 0; at < good.size(); ++at) {
            for (const int flip : {0x01, 0x02, 0x10, 0x80, 0xff}) {
                bytes bad = good;
                bad[at] = static_cast<std::uint8_t>(bad[at] ^ flip);
                if (const auto message = message_view::parse(bad)) {
                    EXPECT_LE(message->bare().size(), bad.size());
                    bytes rewritten;
                    EXPECT_LE(message->bare(rewritten).size(), message->bare().size());
                    EXPECT_EQ(message->joined_data().size(), message->body_kind() == section_code::data ? message->body_size() : 0);
                    accounted_size(*message);
                    (void)read_properties(message->properties().content);
                    (void)for_each_batched(*message, [](const message_view&) {});
                }
            }
        }
    }
}

TEST(Messages, GiveTheirDataSections) {
    const parsed several(message_hex("rhea several data"));
    EXPECT_THAT(data_of(several.view), ElementsAre("ab", "cde"));
    EXPECT_EQ(as_text(several.view.joined_data()), "abcde");
    EXPECT_EQ(several.view.body().data(), several.payload.data() + 8);
    EXPECT_THAT(data_of(parsed(message_hex("rhea value")).view), ElementsAre());
    EXPECT_THAT(data_of(parsed(message_hex("rhea all properties")).view), ElementsAre(""));
}

TEST(Messages, GiveTheirValue) {
    const parsed message(message_hex("proton map as value"));
    EXPECT_EQ(message.view.body_kind(), section_code::value);
    EXPECT_EQ(decode_value(message.view.body_value()), (value(map{{{"status", std::int32_t{200}}}})));
    EXPECT_FALSE(parsed(message_hex("rhea telemetry")).view.body_value());
}

TEST(Messages, GiveTheSendersPartInOnePieceWhenItLiesInOrder) {
    const parsed message(message_hex("rhea telemetry"));
    const bare_message bare = message.view.bare();
    ASSERT_EQ(bare.pieces().size(), 1u);
    EXPECT_EQ(bare.pieces()[0].data(), message.payload.data() + 4);
    EXPECT_EQ(bare.size(), message.payload.size() - 4);
}

TEST(Messages, GiveTheSendersPartInTheStandardsOrder) {
    const parsed annotated(message_hex("annotations behind application properties"));
    const bare_message bare = annotated.view.bare();
    ASSERT_EQ(bare.pieces().size(), 2u);
    EXPECT_EQ(hex(bare.pieces()[0]), hex(from_hex("005373c00401a1016d 005374c10702a1016ba10176")));
    EXPECT_EQ(hex(bare.pieces()[1]), "005375a00178");

    const parsed reversed(message_hex("properties behind the body"));
    ASSERT_EQ(reversed.view.bare().pieces().size(), 2u);
    EXPECT_EQ(hex(reversed.view.bare().pieces()[0]), "005373c00401a1016d");
    EXPECT_TRUE(parsed("").view.bare().pieces().empty());
}

/// The pieces of bare(rewritten), joined.
std::string joined_bare(const message_view& message, bytes& rewritten) {
    bytes joined;
    const bare_message bare = message.bare(rewritten);
    for (const bytes_view piece : bare.pieces()) {
        joined.insert(joined.end(), piece.begin(), piece.end());
    }
    return hex(joined);
}

TEST(Messages, GiveTheSendersPartWithShortDescriptors) {
    struct row {
        std::string_view hex;
        std::string_view wanted;
    };
    const row rows[] = {
        // By name, the short form and the long one; by a number of eight bytes.
        {"00a314616d71703a70726f706572746965733a6c69737445 00a310616d71703a646174613a62696e617279a00178", "00537345 005375a00178"},
        {"00b300000010 616d71703a646174613a62696e617279 b00000000178", "005375b00000000178"},
        {"0080000000000000007345 00800000000000000075a00178", "00537345 005375a00178"},
        // Some sections only; several of the body; in another order; what is not the sender's.
        {"00537345 00a310616d71703a646174613a62696e617279a00178 005375a00179 00800000000000000075a0017a",
         "00537345 005375a00178 005375a00179 005375a0017a"},
        {"00800000000000000076c0020141 005376 45", "005376c0020141 00537645"},
        {"00800000000000000078c10100 00800000000000000074c10100 005377 00a3016141 00800000000000000073 45 005372c10100",
         "00537345 005374c10100 00537700a3016141 005378c10100"},
        {"00800000000000000072c10100 00a310616d71703a6865616465723a6c697374 45 005375a00178", "005375a00178"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.hex);
        bytes rewritten = {0xee};
        EXPECT_EQ(joined_bare(parsed(r.hex).view, rewritten), hex(from_hex(r.wanted)));
    }
}

TEST(Messages, GiveTheSendersPartAsItLiesWhenItsDescriptorsAreShort) {
    for (const message_row& row : message_rows()) {
        if (row.name == "names for descriptors" || row.name == "long descriptors") {
            continue;
        }
        SCOPED_TRACE(row.name);
        const parsed message(row.hex);
        bytes rewritten;
        const bare_message bare = message.view.bare(rewritten);
        EXPECT_EQ(rewritten.capacity(), 0u);
        ASSERT_EQ(bare.pieces().size(), message.view.bare().pieces().size());
        for (std::size_t piece = 0; piece < bare.pieces().size(); ++piece) {
            EXPECT_EQ(bare.pieces()[piece].data(), message.view.bare().pieces()[piece].data());
        }
    }
}

TEST(Messages, GiveEntriesOfTheirMaps) {
    const parsed message(message_hex("proton command"));
    const encoded_view ack = find_entry(message.view.application_properties().content, "iothub-ack");
    EXPECT_EQ(decode_value(ack), value("full"));
    const encoded_view number = find_entry(message.view.message_annotations().content, "x-opt-sequence-number");
    EXPECT_EQ(decode_value(number), value(std::uint64_t{7}));
    EXPECT_FALSE(find_entry(message.view.application_properties().content, "full")) << "a value is not a key";
    EXPECT_FALSE(find_entry(message.view.footer().content, "x"));
}

TEST(Messages, GiveTheirProperties) {
    const parsed message(message_hex("rhea all properties"));
    const auto properties = read_properties(message.view.properties().content).value();
    EXPECT_EQ(properties.message_id, value(std::uint64_t{7}));
    EXPECT_EQ(as_text(properties.user_id.value()), "user");
    EXPECT_EQ(properties.to, "t");
    EXPECT_EQ(properties.subject, "s");
    EXPECT_EQ(properties.reply_to, "r");
    EXPECT_EQ(properties.correlation_id, value(some_uuid));
    EXPECT_EQ(properties.content_type, "ct");
    EXPECT_EQ(properties.content_encoding, "ce");
    EXPECT_EQ(properties.absolute_expiry_time, timestamp{1'700'000'000'000});
    EXPECT_EQ(properties.creation_time, timestamp{1'700'000'000'001});
    EXPECT_EQ(properties.group_id, "g");
    EXPECT_EQ(properties.group_sequence, 9u);
    EXPECT_EQ(properties.reply_to_group_id, "rg");
}

TEST(Messages, GiveTheirHeader) {
    const parsed message(message_hex("rhea value"));
    const auto header = read_header(message.view.header().content).value();
    EXPECT_TRUE(header.durable && header.first_acquirer);
    EXPECT_EQ(header.priority, 7);
    EXPECT_EQ(header.ttl, 1000u);
    EXPECT_EQ(header.delivery_count, 2u);
    const auto absent = read_header({}).value();
    EXPECT_FALSE(absent.durable);
    EXPECT_EQ(absent.priority, 4);
}

TEST(Properties, ThatAreAbsentNullOrEmptyAreTold) {
    const parsed message("005373 c00604 40 40 a100 40");
    const auto properties = read_properties(message.view.properties().content).value();
    EXPECT_TRUE(properties.message_id.is_null());
    EXPECT_EQ(properties.user_id, std::nullopt);
    EXPECT_EQ(properties.to, "");
    EXPECT_EQ(properties.subject, std::nullopt);
    EXPECT_EQ(properties.reply_to_group_id, std::nullopt);
}

TEST(Properties, TakeStringsForSymbolsAndTheOtherWayRound) {
    const parsed message("005373 c01707 40 a10175 a30174 40 40 40 a10a746578742f706c61696e");
    const auto properties = read_properties(message.view.properties().content).value();
    EXPECT_EQ(as_text(properties.user_id.value()), "u");
    EXPECT_EQ(properties.to, "t");
    EXPECT_EQ(properties.content_type, "text/plain");
}

TEST(Properties, OfWrongTypesAreRefusedByName) {
    struct row {
        std::string_view hex;
        std::string_view field;
    };
    const row rows[] = {
        {"c0020141", "message-id"},
        {"c003024041", "user-id"},
        {"c00403404041", "to"},
        {"c00706404040404041", "correlation-id"},
        {"c00b07404040404040a102c3a9", "content-type"}, // a symbol is ASCII
        {"c00b0940404040404040405201", "absolute-expiry-time"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.hex);
        const bytes content = from_hex(r.hex);
        const auto properties = read_properties(encoded_view{content});
        ASSERT_FALSE(properties);
        EXPECT_THAT(properties.error(), HasSubstr(r.field));
    }
}

TEST(Ids, HaveAText) {
    EXPECT_EQ(id_text("m-1"), "m-1");
    EXPECT_EQ(id_text(some_uuid), "01234567-89ab-cdef-0123-456789abcdef");
    EXPECT_EQ(id_text(std::uint64_t{18'446'744'073'709'551'615u}), "18446744073709551615");
    EXPECT_EQ(id_text(bytes{0xab, 0x01}), "ab01");
    EXPECT_EQ(id_text(value()), "");
}

TEST(Batches, GiveTheirMessages) {
    const parsed batch(message_hex("uamqp batch"));
    std::vector<std::string> bodies;
    const auto done = for_each_batched(batch.view, [&](const message_view& m) { bodies.push_back(data_of(m).at(0)); });
    EXPECT_TRUE(done);
    EXPECT_THAT(bodies, ElementsAre("e0", "e1"));
}

TEST(Batches, TellWhichMessageIsBad) {
    const parsed batch("005375a007005375a0026530 005375a00141");
    const auto done = for_each_batched(batch.view, [](const message_view&) {});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error(), "message 2 of the batch: a section without a descriptor");
}

TEST(Batches, OfTooManyMessagesAreRefused) {
    bytes payload;
    for (std::size_t i = 0; i <= max_batched_messages; ++i) {
        message_builder(payload).data("");
    }
    const parsed batch(payload);
    std::size_t used = 0;
    EXPECT_FALSE(for_each_batched(batch.view, [&](const message_view&) { ++used; }));
    EXPECT_EQ(used, max_batched_messages);
}

/// What the builder writes for proton's message: the same sections, in our forms.
TEST(Builder, WritesWhatProtonDecodesToTheSame) {
    bytes written;
    message_properties properties;
    properties.message_id = "m-1";
    properties.user_id = as_bytes("hub");
    properties.to = "/devices/d/messages/devicebound";
    properties.correlation_id = some_uuid;
    properties.content_type = "text/plain";
    properties.absolute_expiry_time = timestamp{1'700'000'000'000};
    message_builder(written)
        .header({.durable = true, .ttl = 60'000})
        .delivery_annotations(map{{{symbol{"x"}, "y"}}})
        .message_annotations([](map_writer& to) { to.add("x-opt-sequence-number", std::uint64_t{7}); })
        .properties(properties)
        .application_properties([](map_writer& to) {
            to.add("iothub-ack", "full");
            to.add("absent", std::optional<std::string_view>());
            to.add("n", value(std::int32_t{5}));
        })
        .data("payload");
    const parsed ours(written);
    const parsed protons(message_hex("proton command"));
    for (std::uint8_t code = 0x70; code <= 0x78; ++code) {
        SCOPED_TRACE(name_of(section_code{code}));
        EXPECT_EQ(decode_value(ours.view.get(section_code{code}).whole), decode_value(protons.view.get(section_code{code}).whole));
    }
    EXPECT_LE(ours.payload.size(), protons.payload.size());
}

TEST(Builder, WritesValuesAndSequences) {
    bytes written;
    message_builder(written).value(map{{{"status", std::int32_t{200}}}});
    EXPECT_EQ(hex(written), "005377c10e02a10673746174757371000000c8");
    written.clear();
    message_builder(written).sequence(list{{true}}).sequence(list{});
    EXPECT_EQ(hex(written), "005376c0020141"
                            "00537645");
}

TEST(Builder, WritesBehindWhatIsThere) {
    bytes written = {0xee};
    message_builder(written).properties({}).data(bytes_view());
    EXPECT_EQ(hex(written), "ee"
                            "00537345"
                            "005375a000");
}

} // namespace
} // namespace capstan::amqp::test
