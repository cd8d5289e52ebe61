// The encoder: the smallest form of each value, compounds that shrink and nest, arrays.
#include <limits>

#include <gmock/gmock.h>

#include "unit/amqp/codec/rows.hpp"

namespace capstan::amqp::test {
namespace {

template<class... T> std::string written(const T&... what) {
    bytes out;
    encoder to(out);
    (to.write(what), ...);
    return hex(out);
}

TEST(Encoder, WritesNumbersInTheirSmallestForm) {
    EXPECT_EQ(written(std::uint32_t{0}, std::uint32_t{255}, std::uint32_t{256}), "4352ff7000000100");
    EXPECT_EQ(written(std::uint64_t{0}, std::uint64_t{255}, std::uint64_t{256}), "4453ff800000000000000100");
    EXPECT_EQ(written(std::int32_t{-128}, std::int32_t{127}, std::int32_t{128}), "5480547f7100000080");
    EXPECT_EQ(written(std::int64_t{-128}, std::int64_t{127}, std::int64_t{-129}), "5580557f81ffffffffffffff7f");
    EXPECT_EQ(written(std::uint8_t{1}, std::uint16_t{2}, std::int8_t{-1}, std::int16_t{-2}), "500160000251ff61fffe");
    EXPECT_EQ(written(true, false), "4142");
}

/// Proton writes scalars in the smallest form too: where its row is one, ours is the same byte for byte.
TEST(Encoder, WritesScalarsAsProtonDoes) {
    for (const value_row& row : value_rows()) {
        const bool is_scalar = row.what.held().index() <= static_cast<std::size_t>(kind::symbol);
        const bool is_wide = row.name.find("long form") != std::string_view::npos || row.name.find("byte") != std::string_view::npos;
        if (is_scalar && !is_wide) {
            EXPECT_EQ(hex(encode(row.what)), hex(from_hex(row.hex))) << row.name;
        }
    }
}

TEST(Encoder, WritesTextAndBinaryByLength) {
    EXPECT_EQ(written("ab", symbol_view{"c"}, bytes_view(bytes{1})), "a1026162a30163a00101");
    EXPECT_EQ(written(std::string(255, 'a')).substr(0, 4), "a1ff");
    EXPECT_EQ(written(std::string(256, 'a')).substr(0, 10), "b100000100");
    EXPECT_EQ(written(symbol_view{std::string(256, 'a')}).substr(0, 10), "b300000100");
    EXPECT_EQ(written(bytes(256, 1)).substr(0, 10), "b000000100");
}

TEST(Encoder, WritesAbsentValuesAsNull) {
    const bytes encoded = {0x52, 0x07};
    EXPECT_EQ(written(encoded_view{}, encoded_view{encoded}), "405207");
}

TEST(Encoder, WritesDescriptors) {
    const bytes number = {0x43};
    bytes out;
    encoder to(out);
    to.descriptor(0x24);
    to.null();
    to.descriptor(symbol_view{"a"});
    to.null();
    to.descriptor(encoded_view{number});
    to.null();
    EXPECT_EQ(hex(out), "00532440"
                        "00a3016140"
                        "004340");
}

TEST(Encoder, WritesListsInTheirSmallestForm) {
    bytes out = {0xee};
    encoder to(out);
    to.end(to.begin_list(), 0);
    const auto outer = to.begin_list();
    to.write(true);
    const auto inner = to.begin_list();
    to.write(std::uint32_t{7});
    to.end(inner, 1);
    to.end(outer, 2);
    EXPECT_EQ(hex(out), "ee"
                        "45"
                        "c00702"
                        "41"
                        "c0030152"
                        "07");
}

TEST(Encoder, WritesMapsInTheirSmallestForm) {
    bytes out;
    encoder to(out);
    to.end(to.begin_map(), 0);
    const auto open = to.begin_map();
    to.write("k");
    to.null();
    to.end(open, 2);
    EXPECT_EQ(hex(out), "c10100"
                        "c10502a1016b40");
}

/// The short form holds 255 bytes, the count among them, and 255 elements.
TEST(Encoder, TurnsToTheLongFormWhenTheShortOneIsTooSmall) {
    struct row {
        std::size_t payload;
        std::string_view start;
    };
    for (const row& r : {row{252, "c0ff01a0fc"}, row{253, "d00000010300000001a0fd"}}) {
        bytes out;
        encoder to(out);
        const auto open = to.begin_list();
        to.write(bytes(r.payload, 1));
        to.end(open, 1);
        EXPECT_THAT(hex(out), testing::StartsWith(std::string(r.start)));
        EXPECT_TRUE(decoder(out).skip());
    }
    bytes out;
    encoder to(out);
    const auto open = to.begin_list();
    for (int i = 0; i < 256; ++i) {
        to.null();
    }
    to.end(open, 256);
    EXPECT_EQ(hex(out).substr(0, 18), "d00000010400000100");
}

TEST(Encoder, WritesArraysOfText) {
    const std::vector<symbol_view> symbols = {{"a"}, {"bc"}};
    const std::vector<std::string> strings = {std::string(256, 'x')};
    bytes out;
    encoder to(out);
    to.array(symbols);
    EXPECT_EQ(hex(out), "e00702a30161026263"); // rhea writes the same
    out.clear();
    to.array(std::span<const symbol_view>());
    EXPECT_EQ(hex(out), "e00200a3");
    out.clear();
    to.array(strings);
    EXPECT_EQ(hex(out).substr(0, 28), "f00000010900000001b100000100");
    EXPECT_EQ(decode_value(encoded_view{out}), (value(array{{strings[0]}})));
}

} // namespace
} // namespace capstan::amqp::test
