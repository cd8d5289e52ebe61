// The signatures come from Python's hmac and from `openssl dgst -sha256 -mac HMAC`, over a key of the bytes 0..31.
#include "auth/sas_token.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace capstan::auth {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::string_view key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
constexpr std::string_view other_key = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
constexpr wall_time expiry{std::chrono::seconds(1700000000)};

struct good_token {
    const char* name;
    std::string text;
    const char* resource;
    const char* policy;
};

const good_token good_tokens[] = {
    {"node device",
     "SharedAccessSignature sr=hub.example.net%2Fdevices%2Fdev1&sig=00FsOAX7EJt%2F4OMWll3RxAztx6pAFuIebScG8x%2FYcZg%3D&se=1700000000",
     "hub.example.net%2Fdevices%2Fdev1", ""},
    {"java device: another order",
     "SharedAccessSignature sig=00FsOAX7EJt%2F4OMWll3RxAztx6pAFuIebScG8x%2FYcZg%3D&se=1700000000&sr=hub.example.net%2Fdevices%2Fdev1",
     "hub.example.net%2Fdevices%2Fdev1", ""},
    {"c device: raw sr, lower case hex, empty skn",
     "SharedAccessSignature sr=hub.example.net/devices/dev1&sig=2bmo2%2fzgyDYSsa5mNjJ1SN3dBIB8c65XCZX4WKiZnyw%3d&se=1700000000&skn=",
     "hub.example.net/devices/dev1", ""},
    {"sig not encoded at all",
     "SharedAccessSignature sr=hub.example.net/devices/dev1&sig=2bmo2/zgyDYSsa5mNjJ1SN3dBIB8c65XCZX4WKiZnyw=&se=1700000000",
     "hub.example.net/devices/dev1", ""},
    {"c# device: id encoded twice, lower case hex in sr",
     "SharedAccessSignature sr=hub.example.net%2fdevices%2fa%2523b&sig=jfwlLZ%2fql96BrF7Iv2EubGS4e5Vw7eFsBUDgtArMZf8%3d&se=1700000000",
     "hub.example.net%2fdevices%2fa%2523b", ""},
    {"event hubs: the key's text signs",
     "SharedAccessSignature "
     "sr=sb%3A%2F%2Fhub.example.net%2Ftelemetry&sig=uahyusIUlVQ9FRZCR5bSHhmHsmMT6ooA0dbrROcCikQ%3D&se=1700000000&skn=service",
     "sb%3A%2F%2Fhub.example.net%2Ftelemetry", "service"},
    {"event hubs after a redirect",
     "SharedAccessSignature sr=amqps%3A%2F%2F127.0.0.1%3A15671%2Feh%2FConsumerGroups%2F%24Default%2FPartitions%2F0"
     "&sig=xlw0pWcfD%2b57FuTZN0R0mNIloUnc%2fsWFpFs5aOqsN2M%3d&se=1700000000&skn=iothubowner",
     "amqps%3A%2F%2F127.0.0.1%3A15671%2Feh%2FConsumerGroups%2F%24Default%2FPartitions%2F0", "iothubowner"},
    {"node service: names in any case, '+' raw",
     "SharedAccessSignature SR=hub.example.net&Sig=LxWqDBBUkYi4LTKqPYyuGB/JWhF32/zkD4JBxaGuoS8=&SKN=registry%52ead&Se=1700000000",
     "hub.example.net", "registryRead"},
};

TEST(sas_token, takes_the_tokens_of_every_sdk) {
    for (const good_token& row : good_tokens) {
        const auto token = parse_sas_token(row.text);
        ASSERT_TRUE(token) << row.name << ": " << token.error();
        EXPECT_EQ(token->resource, row.resource) << row.name;
        EXPECT_EQ(token->policy, row.policy) << row.name;
        EXPECT_EQ(token->expires, expiry) << row.name;
        EXPECT_TRUE(signed_by(*token, key)) << row.name;
        EXPECT_FALSE(signed_by(*token, other_key)) << row.name;
        EXPECT_FALSE(signed_by(*token, "")) << row.name;
    }
}

TEST(sas_token, signature_covers_resource_and_expiry) {
    const std::string sig = "sig=00FsOAX7EJt%2F4OMWll3RxAztx6pAFuIebScG8x%2FYcZg%3D";
    for (const std::string& fields :
         {"sr=hub.example.net%2Fdevices%2Fdev2&se=1700000000&" + sig, "sr=hub.example.net%2Fdevices%2Fdev1&se=1700000001&" + sig,
          "sr=hub.example.net%2fdevices%2fdev1&se=1700000000&" + sig, "sr=hub.example.net%2Fdevices%2Fdev1&se=01700000000&" + sig}) {
        const auto token = parse_sas_token("SharedAccessSignature " + fields);
        ASSERT_TRUE(token);
        EXPECT_FALSE(signed_by(*token, key)) << fields;
    }
}

TEST(sas_token, a_key_that_is_not_base64_still_signs_as_text) {
    auto token = parse_sas_token(good_tokens[0].text);
    ASSERT_TRUE(token);
    EXPECT_FALSE(signed_by(*token, "not base64"));
}

TEST(sas_token, refuses_with_a_reason) {
    const std::string sig = "sig=00FsOAX7EJt%2F4OMWll3RxAztx6pAFuIebScG8x%2FYcZg%3D";
    const std::pair<std::string, const char*> rows[] = {
        {"", "does not begin"},
        {"sharedaccesssignature sr=a&" + sig + "&se=1", "does not begin"},
        {"SharedAccessSignature", "does not begin"},
        {"Bearer eyJ0eXAi", "does not begin"},
        {"SharedAccessSignature ", "lacks"},
        {"SharedAccessSignature  sr=a&" + sig + "&se=1", "lacks"},
        {"SharedAccessSignature sr=&" + sig + "&se=1", "lacks"},
        {"SharedAccessSignature sr=a&se=1", "lacks"},
        {"SharedAccessSignature sr=a&" + sig, "lacks"},
        {"SharedAccessSignature sr=a&sr=a&" + sig + "&se=1", "'sr' twice"},
        {"SharedAccessSignature sr=a&" + sig + "&se=1&SE=2", "'se' twice"},
        {"SharedAccessSignature sr=a&" + sig + "&se=-1", "number of seconds"},
        {"SharedAccessSignature sr=a&" + sig + "&se=soon", "number of seconds"},
        {"SharedAccessSignature sr=a&" + sig + "&se=1e9", "number of seconds"},
        {"SharedAccessSignature sr=a&" + sig + "&se=.5", "number of seconds"},
        {"SharedAccessSignature sr=a&sig=Zm9v&se=1", "32 bytes"},
        {"SharedAccessSignature sr=a&sig=%%%%&se=1", "32 bytes"},
        {"SharedAccessSignature sr=" + std::string(max_token_size, 'a'), "longer than"},
    };
    for (const auto& [text, reason] : rows) {
        const auto token = parse_sas_token(text);
        ASSERT_FALSE(token) << text;
        EXPECT_THAT(token.error(), HasSubstr(reason)) << text;
    }
}

TEST(sas_token, expiry_is_clamped_and_may_have_a_fraction) {
    const std::string start = "SharedAccessSignature sr=a&sig=00FsOAX7EJt%2F4OMWll3RxAztx6pAFuIebScG8x%2FYcZg%3D&se=";
    const wall_time latest{std::chrono::seconds(253402300799)};
    EXPECT_EQ(parse_sas_token(start + "1700000000.75")->expires, expiry);
    EXPECT_EQ(parse_sas_token(start + "1700000000.75")->expiry_text, "1700000000.75");
    EXPECT_EQ(parse_sas_token(start + "253402300800")->expires, latest);
    EXPECT_EQ(parse_sas_token(start + "9223372036854775807")->expires, latest);
    EXPECT_EQ(parse_sas_token(start + "99999999999999999999999999")->expires, latest);
    EXPECT_EQ(parse_sas_token(start + "0")->expires, wall_time{});
}

TEST(sas_token, counts_for_five_minutes_more) {
    const auto token = parse_sas_token(good_tokens[0].text);
    EXPECT_FALSE(token->expired(expiry));
    EXPECT_FALSE(token->expired(expiry + 5min));
    EXPECT_TRUE(token->expired(expiry + 5min + 1ms));
}

TEST(sas_token, made_as_the_sdks_make_them) {
    EXPECT_EQ(make_sas_token("hub.example.net/devices/dev1", key, "", expiry + 999ms), good_tokens[0].text);
    EXPECT_EQ(
        make_sas_token("hub.example.net", key, "my policy", expiry),
        "SharedAccessSignature sr=hub.example.net&sig=LxWqDBBUkYi4LTKqPYyuGB%2FJWhF32%2FzkD4JBxaGuoS8%3D&se=1700000000&skn=my%20policy");
}

} // namespace
} // namespace capstan::auth
