// Whole values: every encoding decoded and encoded again, bad bytes refused, limits kept.
#include <random>

#include <gmock/gmock.h>

#include "unit/amqp/codec/rows.hpp"

namespace capstan::amqp::test {
namespace {

TEST(Values, AreDecoded) {
    for (const value_row& row : value_rows()) {
        SCOPED_TRACE(row.name);
        const bytes encoded = from_hex(row.hex);
        decoder from(encoded);
        const auto decoded = decode_value(from);
        ASSERT_TRUE(decoded);
        EXPECT_EQ(*decoded, row.what) << to_text(*decoded) << " is not " << to_text(row.what);
        EXPECT_TRUE(from.at_end());
    }
}

TEST(Values, AreSteppedOver) {
    for (const value_row& row : value_rows()) {
        SCOPED_TRACE(row.name);
        bytes encoded = from_hex(row.hex);
        const std::size_t size = encoded.size();
        encoded.push_back(0x40);
        decoder from(encoded);
        encoded_view view;
        ASSERT_TRUE(from.skip(view));
        EXPECT_EQ(view.raw.data(), encoded.data());
        EXPECT_EQ(view.raw.size(), size);
        EXPECT_EQ(from.rest().size(), 1u);
    }
}

TEST(Values, SurviveEncodingAndDecoding) {
    for (const value_row& row : value_rows()) {
        SCOPED_TRACE(row.name);
        const bytes encoded = encode(row.what);
        const auto decoded = decode_value(encoded_view{encoded});
        ASSERT_TRUE(decoded) << hex(encoded);
        EXPECT_EQ(*decoded, row.what);
    }
}

TEST(Values, BadOnesAreRefused) {
    for (const bad_row& row : bad_rows()) {
        SCOPED_TRACE(row.name);
        const bytes encoded = from_hex(row.hex);
        decoder from(encoded);
        EXPECT_FALSE(from.skip());
        EXPECT_FALSE(decode_value(from));
        EXPECT_EQ(from.rest().size(), encoded.size()) << "the cursor moved";
    }
}

TEST(Values, CutShortAnywhereAreRefused) {
    for (const value_row& row : value_rows()) {
        const bytes encoded = from_hex(row.hex);
        for (std::size_t size = 0; size < encoded.size(); ++size) {
            SCOPED_TRACE(std::string(row.name) + " cut to " + std::to_string(size));
            const bytes cut(encoded.begin(), encoded.begin() + static_cast<std::ptrdiff_t>(size)); // ends where memory ends
            decoder from(cut);
            EXPECT_FALSE(from.skip());
            EXPECT_FALSE(decode_value(from));
            EXPECT_EQ(from.rest().size(), size);
        }
    }
}

/// Whatever a damaged value turns into, stepping over it and making a value of it agree, and the value can be written again.
TEST(Values, DamagedAnywhereAreHandled) {
    for (const value_row& row : value_rows()) {
        const bytes good = from_hex(row.hex);
        for (std::size_t at = 0; at < std::min<std::size_t>(good.size(), 64); ++at) {
            for (const int flip : {0x01, 0x02, 0x10, 0x40, 0x80, 0xff}) {
                SCOPED_TRACE(std::string(row.name) + " damaged at " + std::to_string(at));
                bytes bad = good;
                bad[at] = static_cast<std::uint8_t>(bad[at] ^ flip);
                decoder from(bad);
                const auto decoded = decode_value(encoded_view{bad});
                ASSERT_EQ(decoded.has_value(), from.skip());
                if (decoded) {
                    ASSERT_TRUE(decode_value(encoded_view{encode(*decoded)}));
                }
            }
        }
    }
}

/// Any value, seldom deep, never large.
class random_values {
public:
    value next(int depth = 0) {
        switch (pick(depth < 4 ? 24 : 20)) {
        case 0: return {};
        case 1: return pick(2) == 0;
        case 2: return static_cast<std::uint8_t>(pick(256));
        case 3: return static_cast<std::uint16_t>(number());
        case 4: return static_cast<std::uint32_t>(number());
        case 5: return number();
        case 6: return static_cast<std::int8_t>(pick(256));
        case 7: return static_cast<std::int16_t>(number());
        case 8: return static_cast<std::int32_t>(number());
        case 9: return static_cast<std::int64_t>(number());
        case 10: return static_cast<float>(pick(1000)) / 8;
        case 11: return static_cast<double>(pick(1000)) / 16;
        case 12: return decimal<4>{{static_cast<std::uint8_t>(pick(256))}};
        case 13: return decimal<8>{{static_cast<std::uint8_t>(pick(256))}};
        case 14: return decimal<16>{{static_cast<std::uint8_t>(pick(256))}};
        case 15: return character{static_cast<std::uint32_t>(pick(0xd800))};
        case 16: return timestamp{static_cast<std::int64_t>(number())};
        case 17: return uuid{{static_cast<std::uint8_t>(pick(256))}};
        case 18: return bytes(pick(300), static_cast<std::uint8_t>(pick(256)));
        case 19: return pick(2) == 0 ? value(std::string(pick(300), 'x')) : value(symbol{std::string(pick(300), 'y')});
        case 20: return some_list(depth);
        case 21: return some_map(depth);
        case 22: return array{std::vector<value>(1 + pick(3), next(depth + 1))};
        default: return described(next(depth + 1), next(depth + 1));
        }
    }

private:
    std::size_t pick(std::size_t below) { return random_() % below; }
    std::uint64_t number() { return random_() >> pick(64); }
    value some_list(int depth) {
        list made;
        for (std::size_t count = pick(5); count > 0; --count) {
            made.elements.push_back(next(depth + 1));
        }
        return made;
    }
    value some_map(int depth) {
        map made;
        for (std::size_t count = pick(5); count > 0; --count) {
            made.entries.emplace_back(next(depth + 1), next(depth + 1));
        }
        return made;
    }

    std::mt19937_64 random_{20'240'501};
};

TEST(Values, RandomOnesSurviveEncodingAndDecoding) {
    random_values values;
    for (int i = 0; i < 20'000; ++i) {
        const value original = values.next();
        const bytes encoded = encode(original);
        decoder from(encoded);
        const auto decoded = decode_value(from);
        ASSERT_TRUE(decoded) << to_text(original);
        ASSERT_EQ(*decoded, original) << to_text(original);
        ASSERT_TRUE(from.at_end());
        ASSERT_TRUE(decoder(encoded).skip());
    }
}

value deep(int levels) {
    value inner(true);
    for (; levels > 0; --levels) {
        inner = list{{std::vector<value>{inner}}};
    }
    return inner;
}

TEST(Values, MayBeAsDeepAsTheLimit) {
    const bytes deepest = encode(deep(max_depth));
    EXPECT_TRUE(decoder(deepest).skip());
    EXPECT_TRUE(decode_value(encoded_view{deepest}));
    const bytes deeper = encode(deep(max_depth + 1));
    EXPECT_FALSE(decoder(deeper).skip());
    EXPECT_FALSE(decode_value(encoded_view{deeper}));
}

TEST(Values, AreNotMadeBeyondTheLimit) {
    const bytes most = encode(value(list{std::vector<value>(max_decoded_values, true)}));
    EXPECT_TRUE(decode_value(encoded_view{most}));
    const bytes more = encode(value(list{std::vector<value>(max_decoded_values + 1, true)}));
    EXPECT_TRUE(decoder(more).skip());
    EXPECT_FALSE(decode_value(encoded_view{more}));
}

/// An array repeats its descriptor for each element: a few bytes must not become many megabytes.
TEST(Values, DescriptorsOfArraysCountForEachElement) {
    const bytes bomb = from_hex("f0 0000010e 0000ffff 00 b3 00000100 61*256  43 ff");
    bytes good(bomb.begin(), bomb.end() - 1);
    good[4] = 0x0b;
    ASSERT_TRUE(decoder(good).skip());
    EXPECT_FALSE(decode_value(encoded_view{good}));
}

TEST(Values, NothingEncodedIsNull) { EXPECT_EQ(decode_value(encoded_view{}), value()); }

TEST(Values, ElementsThatDifferBecomeAList) {
    const value mixed = array{{std::uint32_t{1}, "two"}};
    EXPECT_EQ(decode_value(encoded_view{encode(mixed)}), (value(list{{std::uint32_t{1}, "two"}})));
}

TEST(Values, KnowTheirTextAndNumber) {
    EXPECT_EQ(value("a").text(), "a");
    EXPECT_EQ(value(symbol{"b"}).text(), "b");
    EXPECT_EQ(value(bytes{'c'}).text(), "c");
    EXPECT_EQ(value(1.0).text(), std::nullopt);
    EXPECT_EQ(value(std::int8_t{-1}).integer(), -1);
    EXPECT_EQ(value(std::uint64_t{1} << 63).integer(), std::nullopt);
    EXPECT_EQ(value(true).integer(), std::nullopt);
    EXPECT_EQ(value(described(symbol{"d"}, "inner")).content(), value("inner"));
    EXPECT_EQ(value("plain").content(), value("plain"));
}

TEST(Values, AreFoundInMapsBySymbolAndByString) {
    const map entries{{{symbol{"a"}, std::uint32_t{1}}, {"b", std::uint32_t{2}}, {std::uint32_t{3}, true}}};
    EXPECT_EQ(*entries.find("a"), value(std::uint32_t{1}));
    EXPECT_EQ(*entries.find("b"), value(std::uint32_t{2}));
    EXPECT_EQ(entries.find("c"), nullptr);
}

TEST(Values, HaveAText) {
    const value shown = list{{value(), true, std::int32_t{-7}, 0.5, "q\"\n", symbol{"s"}, bytes{0xab, 1}, bytes(65, 0),
                              map{{{"k", array{{std::uint8_t{1}, std::uint8_t{2}}}}}}, described(std::uint64_t{36}, list{}), uuid{{1, 2}},
                              timestamp{9}, character{65}}};
    EXPECT_EQ(to_text(shown), R"([null, true, -7, 0.5, "q\"\u000a", "s", 0xab01, 0x)" + std::string(128, '0') +
                                  R"(..., {"k": [1, 2]}, @36([]), 01020000-0000-0000-0000-000000000000, 9, 65])");
}

} // namespace
} // namespace capstan::amqp::test
