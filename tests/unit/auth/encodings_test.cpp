#include <gtest/gtest.h>

#include <set>

#include "auth/base64.hpp"
#include "auth/constant_time.hpp"
#include "auth/percent.hpp"
#include "auth/random.hpp"

namespace capstan::auth {
namespace {

TEST(base64, rfc_4648_examples_both_ways) {
    const std::pair<const char*, const char*> rows[] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
    for (const auto& [raw, text] : rows) {
        EXPECT_EQ(to_base64(as_bytes(raw)), text);
        const auto decoded = from_base64(text);
        ASSERT_TRUE(decoded) << text;
        EXPECT_EQ(as_text(*decoded), raw);
    }
    EXPECT_EQ(to_base64(bytes{0xfb, 0xff, 0xfe}), "+//+");
    EXPECT_EQ(from_base64("+//+"), (bytes{0xfb, 0xff, 0xfe}));
}

TEST(base64, refuses_what_is_not_exact) {
    for (const char* text :
         {"Z", "Zg", "Zg=", "Zg===", "====", "Zm9v\n", "Zm 9", "Zh==", "Zm9=", "Z=g=", "-__-", "Zg==Zg==", "\xff\xff\xff\xff"})
        EXPECT_FALSE(from_base64(text)) << text;
}

TEST(percent, decodes_either_case_and_leaves_the_rest) {
    const std::pair<const char*, const char*> rows[] = {{"a%2Fb%2fc", "a/b/c"}, {"a+b", "a+b"},   {"100%", "100%"}, {"%4", "%4"},
                                                        {"%zz%41", "%zzA"},     {"%2541", "%41"}, {"%%41", "%A"},   {"", ""}};
    for (const auto& [encoded, decoded] : rows)
        EXPECT_EQ(percent_decode(encoded), decoded);
}

TEST(percent, encodes_all_but_the_unreserved) { EXPECT_EQ(percent_encode("aZ0-._~/+=#%:\xc3\xa9"), "aZ0-._~%2F%2B%3D%23%25%3A%C3%A9"); }

TEST(constant_time, compares) {
    EXPECT_TRUE(equal_in_constant_time(std::string_view("secret"), std::string_view("secret")));
    EXPECT_FALSE(equal_in_constant_time(std::string_view("secret"), std::string_view("secreT")));
    EXPECT_FALSE(equal_in_constant_time(std::string_view("secret"), std::string_view("secre")));
    EXPECT_TRUE(equal_in_constant_time(std::string_view(), std::string_view()));
}

TEST(random, has_the_right_form_and_does_not_repeat) {
    EXPECT_EQ(random_bytes(7).size(), 7u);
    EXPECT_EQ(random_hex(4).size(), 8u);
    EXPECT_EQ(from_base64(random_key())->size(), 32u);
    std::set<std::string> uuids;
    for (int i = 0; i < 100; ++i) {
        const std::string uuid = random_uuid();
        ASSERT_EQ(uuid.size(), 36u);
        for (const std::size_t hyphen : {8, 13, 18, 23})
            EXPECT_EQ(uuid[hyphen], '-');
        EXPECT_EQ(uuid[14], '4');
        EXPECT_NE(std::string_view("89ab").find(uuid[19]), std::string_view::npos);
        EXPECT_TRUE(uuids.insert(uuid).second);
    }
}

} // namespace
} // namespace capstan::auth
