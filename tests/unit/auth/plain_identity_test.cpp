#include "auth/plain_identity.hpp"

#include <gtest/gtest.h>

namespace capstan::auth {
namespace {

using namespace std::string_literals;
using kind = plain_identity::kind;

TEST(plain_response, has_three_parts) {
    const auto response = parse_plain_response(as_bytes("\0user@sas.hub\0SharedAccessSignature sr=a"s));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->authorization, "");
    EXPECT_EQ(response->user, "user@sas.hub");
    EXPECT_EQ(response->password, "SharedAccessSignature sr=a");
    EXPECT_EQ(parse_plain_response(as_bytes("a\0b\0"s))->authorization, "a");
    for (const std::string& wrong : {""s, "user"s, "user\0password"s, "\0a\0b\0c"s, "\0\0"s + std::string(max_plain_response_size, 'x')})
        EXPECT_FALSE(parse_plain_response(as_bytes(wrong)));
}

TEST(plain_user, takes_the_names_of_every_client) {
    struct row {
        const char* user;
        kind what;
        const char *policy, *device, *module, *hub;
    };
    const row rows[] = {
        {"iothubowner@sas.root.hub", kind::hub_policy, "iothubowner", "", "", "hub"},
        {"dev1@sas.hub", kind::device, "", "dev1", "", "hub"},
        {"dev1/modules/m1@sas.hub", kind::device, "", "dev1", "m1", "hub"},
        {"a%23b@sas.hub", kind::device, "", "a#b", "", "hub"},
        {"dev1@hub.example.net", kind::device, "", "dev1", "", "hub.example.net"},
        {"x@sas.root.y@sas.hub", kind::device, "", "x@sas.root.y", "", "hub"},
        {"x@y@sas.hub", kind::device, "", "x@y", "", "hub"},
        {"service", kind::event_hub_policy, "service", "", "", ""},
    };
    for (const row& one : rows) {
        const auto identity = parse_plain_user(one.user);
        ASSERT_TRUE(identity) << one.user << ": " << identity.error();
        EXPECT_EQ(identity->what, one.what) << one.user;
        EXPECT_EQ(identity->policy, one.policy) << one.user;
        EXPECT_EQ(identity->hub, one.hub) << one.user;
        EXPECT_EQ(identity->what == kind::device ? identity->device.readings.front() : "", one.device) << one.user;
        EXPECT_EQ(identity->module ? identity->module->readings.front() : "", one.module) << one.user;
    }
}

TEST(plain_user, refuses_what_names_nobody) {
    for (const char* user : {"", "@sas.root.hub", "service@sas.root.", "@sas.hub", "dev1@sas.", "dev1/x@sas.hub", "dev1/modules/@sas.hub",
                             "/modules/m@sas.hub"})
        EXPECT_FALSE(parse_plain_user(user)) << user;
}

} // namespace
} // namespace capstan::auth
