// The decoder's typed reads: each takes its own kind in all its encodings, and leaves the cursor before everything else.
#include <gmock/gmock.h>

#include "unit/amqp/codec/rows.hpp"

namespace capstan::amqp::test {
namespace {

using testing::ElementsAre;

template<class T> bool takes(decoder from) {
    const std::size_t before = from.rest().size();
    T content{};
    const bool taken = from.read(content);
    EXPECT_EQ(from.rest().size() == before, !taken) << "a refused value moves no cursor";
    return taken;
}

bool takes_list(decoder from) {
    decoder elements({});
    std::uint32_t count = 0;
    return from.read_list(elements, count);
}

bool takes_map(decoder from) {
    decoder elements({});
    std::uint32_t count = 0;
    return from.read_map(elements, count);
}

bool takes_array(decoder from) {
    bytes_view body;
    std::uint32_t count = 0;
    return from.read_array(count, body);
}

/// The kinds whose read takes what is at the cursor.
std::vector<kind> takers(decoder from) {
    const std::vector<std::pair<kind, bool>> all = {
        {kind::null, decoder(from).read_null()},
        {kind::boolean, takes<bool>(from)},
        {kind::ubyte, takes<std::uint8_t>(from)},
        {kind::ushort, takes<std::uint16_t>(from)},
        {kind::uint, takes<std::uint32_t>(from)},
        {kind::ulong, takes<std::uint64_t>(from)},
        {kind::byte_, takes<std::int8_t>(from)},
        {kind::short_, takes<std::int16_t>(from)},
        {kind::int_, takes<std::int32_t>(from)},
        {kind::long_, takes<std::int64_t>(from)},
        {kind::float_, takes<float>(from)},
        {kind::double_, takes<double>(from)},
        {kind::decimal32, takes<decimal<4>>(from)},
        {kind::decimal64, takes<decimal<8>>(from)},
        {kind::decimal128, takes<decimal<16>>(from)},
        {kind::character, takes<character>(from)},
        {kind::timestamp, takes<timestamp>(from)},
        {kind::uuid, takes<uuid>(from)},
        {kind::binary, takes<bytes_view>(from)},
        {kind::string, takes<std::string_view>(from)},
        {kind::symbol, takes<symbol_view>(from)},
        {kind::list, takes_list(from)},
        {kind::map, takes_map(from)},
        {kind::array, takes_array(from)},
        {kind::described, decoder(from).enter_described()},
    };
    std::vector<kind> found;
    for (const auto& [what, taken] : all) {
        if (taken) {
            found.push_back(what);
        }
    }
    return found;
}

TEST(Decoder, ReadsEachKindByItsOwnReadOnly) {
    for (const value_row& row : value_rows()) {
        SCOPED_TRACE(row.name);
        const bytes encoded = from_hex(row.hex);
        const decoder from(encoded);
        EXPECT_EQ(static_cast<std::size_t>(from.peek()), row.what.held().index());
        EXPECT_THAT(takers(from), ElementsAre(from.peek()));
    }
}

TEST(Decoder, LeavesTheCursorBeforeWhatItDoesNotTake) {
    for (const bad_row& row : bad_rows()) {
        SCOPED_TRACE(row.name);
        const bytes encoded = from_hex(row.hex);
        takers(decoder(encoded));
    }
}

TEST(Decoder, PeeksInvalidAtTheEndAndAtUnknownConstructors) {
    EXPECT_EQ(decoder({}).peek(), kind::invalid);
    for (const std::uint8_t code : {0x01, 0x3f, 0x46, 0x57, 0x6f, 0x85, 0x99, 0xa2, 0xb4, 0xc2, 0xd2, 0xe1, 0xf1, 0xff}) {
        const bytes encoded(20, code);
        EXPECT_EQ(decoder(encoded).peek(), kind::invalid) << int(code);
    }
}

TEST(Decoder, HandsOutViewsIntoTheInput) {
    const bytes encoded = from_hex("a003010203 a1026162 a30163");
    decoder from(encoded);
    bytes_view binary;
    std::string_view string;
    symbol_view name;
    ASSERT_TRUE(from.read(binary) && from.read(string) && from.read(name));
    EXPECT_EQ(binary.data(), encoded.data() + 2);
    EXPECT_EQ(string, "ab");
    EXPECT_EQ(string.data(), as_text(encoded).data() + 7);
    EXPECT_EQ(name.text, "c");
    EXPECT_TRUE(from.at_end());
}

TEST(Decoder, WalksThroughAListAndTheListBehindIt) {
    const bytes encoded = from_hex("c0060252 01a1 0162 d0000000050000000141");
    decoder from(encoded);
    decoder elements({});
    std::uint32_t count = 0;
    std::uint32_t number = 0;
    std::string_view text;
    ASSERT_TRUE(from.read_list(elements, count));
    EXPECT_EQ(count, 2u);
    EXPECT_TRUE(elements.read(number) && elements.read(text) && elements.at_end());
    ASSERT_TRUE(from.read_list(elements, count));
    EXPECT_EQ(count, 1u);
    bool flag = false;
    EXPECT_TRUE(elements.read(flag) && flag && elements.at_end() && from.at_end());
}

TEST(Decoder, GivesAnArraysConstructorAndBodies) {
    const bytes encoded = from_hex("e0040252 01ff");
    decoder from(encoded);
    std::uint32_t count = 0;
    bytes_view body;
    ASSERT_TRUE(from.read_array(count, body));
    EXPECT_EQ(count, 2u);
    EXPECT_THAT(body, ElementsAre(0x52, 0x01, 0xff));
}

TEST(Decoder, KnowsDescriptorsByNumberAndByName) {
    struct row {
        std::string_view hex;
        std::optional<std::uint64_t> code;
        std::string_view name;
    };
    const row rows[] = {
        {"00 5375 40", 0x75, ""},
        {"00 800000468c00000004 40", 0x468c00000004, ""},
        {"00 a310 616d71703a646174613a62696e617279 40", 0x75, "amqp:data:binary"},
        {"00 b300000010 616d71703a646174613a62696e617279 40", 0x75, "amqp:data:binary"},
        {"00 a30161 40", std::nullopt, "a"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.hex);
        const bytes encoded = from_hex(r.hex);
        decoder from(encoded);
        std::optional<std::uint64_t> code;
        std::string_view name;
        ASSERT_TRUE(from.enter_described() && from.read_descriptor(code, name));
        EXPECT_EQ(code, r.code);
        EXPECT_EQ(name, r.name);
        EXPECT_TRUE(from.read_null());
    }
}

TEST(Decoder, ReadsNoDescriptorOfAnotherKind) {
    const bytes encoded = from_hex("00a1016140");
    decoder from(encoded);
    std::optional<std::uint64_t> code;
    std::string_view name;
    ASSERT_TRUE(from.enter_described());
    EXPECT_FALSE(from.read_descriptor(code, name));
    EXPECT_EQ(from.peek(), kind::string);
}

/// An array whose elements are described by an array, whose elements are described by an array, and so on.
bytes described_by_arrays(int levels) {
    bytes inner = {0x40};
    for (; levels > 0; --levels) {
        const std::size_t size = inner.size() + 6;
        bytes around = {0xf0, 0, 0, static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size), 0, 0, 0, 1, 0x00};
        around.insert(around.end(), inner.begin(), inner.end());
        around.push_back(0x40);
        inner = around;
    }
    return inner;
}

/// Constructors of arrays are as deep as they lie in the whole; each level counts twice, as an array and as a described value.
TEST(Decoder, BoundsTheDepthOfDescriptorsInArrays) {
    EXPECT_TRUE(decoder(described_by_arrays(max_depth / 2)).skip());
    EXPECT_FALSE(decoder(described_by_arrays(max_depth / 2 + 1)).skip());
    EXPECT_FALSE(decoder(described_by_arrays(4'000)).skip());
    EXPECT_FALSE(takes_array(decoder(described_by_arrays(4'000))));
}

/// A mebibyte of arrays that each promise 65,536 elements of no size is stepped over without a step for each.
TEST(Decoder, TakesNoStepForElementsOfNoSize) {
    bytes content;
    const bytes nulls = from_hex("00000005 00010000 40");
    std::uint32_t count = 0;
    for (; content.size() < 1'000'000; ++count) {
        content.insert(content.end(), nulls.begin(), nulls.end());
    }
    bytes encoded = {0xf0};
    const std::size_t size = content.size() + 5;
    for (const std::size_t number : {size, std::size_t{count}}) {
        for (int shift = 24; shift >= 0; shift -= 8) {
            encoded.push_back(static_cast<std::uint8_t>(number >> shift));
        }
    }
    encoded.push_back(0xf0);
    encoded.insert(encoded.end(), content.begin(), content.end());
    EXPECT_TRUE(decoder(encoded).skip());
    EXPECT_FALSE(decode_value(encoded_view{encoded}));
}

TEST(Text, IsCheckedWhereverTheBadByteStands) {
    for (std::size_t size = 1; size < 40; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            std::string text(size, 'a');
            EXPECT_TRUE(is_utf8(text) && is_ascii(text));
            text[at] = static_cast<char>(0xff);
            EXPECT_FALSE(is_utf8(text)) << size << ' ' << at;
            EXPECT_FALSE(is_ascii(text)) << size << ' ' << at;
        }
    }
    EXPECT_TRUE(is_utf8("") && is_ascii(""));
    EXPECT_TRUE(is_utf8("aaaaaaa\u00e9aaaaaaaa\U0001f600"));
    EXPECT_FALSE(is_ascii("\u00e9"));
}

} // namespace
} // namespace capstan::amqp::test
