// What properties and application properties may hold, field by field and kind by kind (part 3 of the standard, sections 3.2.4
// and 3.2.5). The bytes are written by hand from part 1.
#include <capstan/amqp/message.hpp>

#include <gtest/gtest.h>

#include "unit/amqp/codec/rows.hpp"
#include "unit/amqp/message_rows.hpp"

namespace capstan::amqp::test {
namespace {

/// One value of each kind, in each of its encodings.
struct kind_row {
    std::string_view kind;
    std::string_view hex;
};
const kind_row simple_kinds[] = {
    {"boolean", "41"},
    {"boolean", "42"},
    {"boolean", "5601"},
    {"ubyte", "5005"},
    {"ushort", "600005"},
    {"uint", "43"},
    {"uint", "5205"},
    {"uint", "7000000005"},
    {"ulong", "44"},
    {"ulong", "5305"},
    {"ulong", "800000000000000005"},
    {"byte", "5105"},
    {"short", "610005"},
    {"int", "5405"},
    {"int", "7100000005"},
    {"long", "5505"},
    {"long", "810000000000000005"},
    {"float", "723fc00000"},
    {"double", "82c002000000000000"},
    {"decimal32", "7412345678"},
    {"decimal64", "840123456789abcdef"},
    {"decimal128", "94 00*16"},
    {"char", "7300000041"},
    {"timestamp", "830000018bcfe56800"},
    {"uuid", "980123456789abcdef0123456789abcdef"},
    {"binary", "a000"},
    {"binary", "a00162"},
    {"binary", "b00000000162"},
    {"string", "a100"},
    {"string", "a10173"},
    {"string", "b10000000173"},
    {"symbol", "a300"},
    {"symbol", "a30173"},
    {"symbol", "b30000000173"},
};
const kind_row other_kinds[] = {
    {"list", "45"},
    {"list", "c0020141"},
    {"list", "d0000000050000000141"},
    {"map", "c10100"},
    {"map", "c103024141"},
    {"map", "d10000000400000000"},
    {"array", "e0020041"},
    {"array", "f00000000600000001 5005"},
    {"described", "004341"},
    {"described", "00a30161a10162"},
};

struct field_row {
    std::string_view name;
    std::string_view kinds;
};
const field_row fields[] = {
    {"message-id", "ulong uuid binary string"},
    {"user-id", "binary"},
    {"to", "string"},
    {"subject", "string"},
    {"reply-to", "string"},
    {"correlation-id", "ulong uuid binary string"},
    {"content-type", "symbol"},
    {"content-encoding", "symbol"},
    {"absolute-expiry-time", "timestamp"},
    {"creation-time", "timestamp"},
    {"group-id", "string"},
    {"group-sequence", "uint"},
    {"reply-to-group-id", "string"},
};

bool has_word(std::string_view words, std::string_view word) {
    return (" " + std::string(words) + " ").find(" " + std::string(word) + " ") != std::string::npos;
}

/// A list or map of these elements: with sizes of four bytes, or of one.
bytes compound(std::uint8_t code, std::size_t count, const bytes& elements, bool wide) {
    bytes out;
    if (wide) {
        const std::size_t size = elements.size() + 4;
        out = {static_cast<std::uint8_t>(code + 0x10), 0, 0, static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size), 0, 0, 0,
               static_cast<std::uint8_t>(count)};
    } else {
        out = {code, static_cast<std::uint8_t>(elements.size() + 1), static_cast<std::uint8_t>(count)};
    }
    out.insert(out.end(), elements.begin(), elements.end());
    return out;
}

/// Nulls, and this value as the field of that number.
bytes properties_with(std::size_t field, std::string_view hex, bool wide) {
    bytes elements(field, 0x40);
    const bytes content = from_hex(hex);
    elements.insert(elements.end(), content.begin(), content.end());
    return compound(0xc0, field + 1, elements, wide);
}

std::string trouble_of(const std::expected<void, std::string>& checked) { return checked ? "" : checked.error(); }

TEST(PropertiesCheck, TakesEachFieldInItsOwnTypesOnly) {
    for (std::size_t field = 0; field < std::size(fields); ++field) {
        const std::string wrong = "properties: field " + std::string(fields[field].name) + " is of a wrong type";
        for (const auto* rows : {&simple_kinds[0], &other_kinds[0]}) {
            const std::size_t count = rows == simple_kinds ? std::size(simple_kinds) : std::size(other_kinds);
            for (const kind_row& row : std::span(rows, count)) {
                for (const bool wide : {false, true}) {
                    const bytes content = properties_with(field, row.hex, wide);
                    ASSERT_TRUE(decoder(content).skip()) << row.hex;
                    EXPECT_EQ(trouble_of(check_properties({content})), has_word(fields[field].kinds, row.kind) ? "" : wrong)
                        << row.kind << ' ' << row.hex;
                }
            }
        }
    }
}

TEST(PropertiesCheck, TakesNoneFewAndNulls) {
    EXPECT_TRUE(check_properties({}));
    for (const std::string_view hex : {"45", "c00100", "d00000000400000000", "c0020140", "c00e0d 40*13"}) {
        const bytes content = from_hex(hex);
        EXPECT_EQ(trouble_of(check_properties({content})), "") << hex;
    }
}

/// Azure's newer Python client cannot make its properties of more than thirteen.
TEST(PropertiesCheck, TakesNoFieldThatTheStandardDoesNotHave) {
    const bytes content = from_hex("c00f0e 40*14");
    EXPECT_EQ(trouble_of(check_properties({content})), "properties: more fields than there are");
    const bytes no_list = from_hex("c10100");
    EXPECT_EQ(trouble_of(check_properties({no_list})), "properties: not a list");
}

TEST(ApplicationPropertiesCheck, TakesSimpleValues) {
    EXPECT_TRUE(check_application_properties({}));
    const bytes none = from_hex("c10100");
    EXPECT_TRUE(check_application_properties({none}));
    for (const kind_row& row : simple_kinds) {
        const bytes content = compound(0xc1, 4, from_hex("a1016b" + std::string(row.hex) + " b1000000016c40"), row.hex.size() % 2 == 0);
        EXPECT_EQ(trouble_of(check_application_properties({content})), "") << row.kind;
    }
}

TEST(ApplicationPropertiesCheck, TakesNoOtherValues) {
    for (const kind_row& row : other_kinds) {
        const bytes content = compound(0xc1, 4, from_hex("a1016b 41 a1026c6d" + std::string(row.hex)), false);
        ASSERT_TRUE(decoder(content).skip()) << row.hex;
        EXPECT_EQ(trouble_of(check_application_properties({content})), "application-properties: the value of 'lm' is not of a simple type")
            << row.kind;
    }
    const bytes no_map = from_hex("45");
    EXPECT_EQ(trouble_of(check_application_properties({no_map})), "application-properties: not a map");
}

TEST(ApplicationPropertiesCheck, TakesNoNameThatIsNotAString) {
    for (const std::string_view name : {"40", "41", "5201", "a30161", "a00161", "45", "c10100", "0043a10161"}) {
        const bytes content = compound(0xc1, 4, from_hex("a1016b41" + std::string(name) + "41"), false);
        ASSERT_TRUE(decoder(content).skip()) << name;
        EXPECT_EQ(trouble_of(check_application_properties({content})), "application-properties: a name is not a string") << name;
    }
}

/// Real clients' messages pass; what is damaged and passes can be read.
TEST(PropertiesCheck, AgreesWithTheReader) {
    for (const message_row& row : message_rows()) {
        SCOPED_TRACE(row.name);
        const bytes good = from_hex(row.hex);
        const auto whole = message_view::parse(good).value();
        EXPECT_EQ(trouble_of(check_properties(whole.properties().content)), "");
        EXPECT_EQ(trouble_of(check_application_properties(whole.application_properties().content)), "");
        for (std::size_t at = 0; at < good.size(); ++at) {
            for (int flip = 1; flip < 256; ++flip) {
                bytes bad = good;
                bad[at] = static_cast<std::uint8_t>(bad[at] ^ flip);
                if (const auto message = message_view::parse(bad)) {
                    EXPECT_TRUE(!check_properties(message->properties().content) || read_properties(message->properties().content));
                    (void)check_application_properties(message->application_properties().content);
                }
            }
        }
    }
}

/// A `to` that is a symbol, a user-id and a content-type that are strings: the standard's types are written in their place, and the
/// other sections stay as they are, in the order of the standard.
TEST(MixedUpProperties, AreMended) {
    const auto sent = from_hex("005375 a00162 005373 c0 11 07 40 a10175 a30174 40 40 40 a1046a736f6e 005372 c10100");
    const auto fitting = from_hex("005372 c10100 005373 c0 11 07 40 a00175 a10174 40 40 40 a3046a736f6e 005375 a00162");
    const auto message = message_view::parse(sent);
    ASSERT_TRUE(message);
    EXPECT_FALSE(check_properties(message->properties().content));
    EXPECT_EQ(mended(*message), fitting);
    EXPECT_TRUE(check_properties(message_view::parse(fitting)->properties().content));
    for (const std::string_view wrong : {"005373 c0 05 03 40 40 5205", "005373 c0 0b 07 40 40 40 40 40 40 a102c3a9",
                                         "005373 c0 11 0e 40 40 a30174 40 40 40 40 40 40 40 40 40 40 40"}) {
        const auto bad = from_hex(wrong);
        const auto parsed = message_view::parse(bad);
        ASSERT_TRUE(parsed) << wrong;
        EXPECT_FALSE(mended(*parsed)) << wrong;
    }
}

} // namespace
} // namespace capstan::amqp::test
