#include "server/host_name.hpp"

#include <gtest/gtest.h>

namespace capstan::server {
namespace {

TEST(host_name, tells_names_from_literals_from_neither) {
    for (const char* name : {"localhost", "hub.example.net", "a", "1-2.x", "127.0.0.1", "::1", "fe80::1"})
        EXPECT_TRUE(is_host_name(name)) << name;
    for (const std::string& name :
         {std::string(), std::string("a..b"), std::string(".a"), std::string("a."), std::string("-a"), std::string("a_b"),
          std::string("a b"), std::string("a:1"), std::string("[::1]"), std::string("*.a"), std::string(64, 'a'), std::string("é")})
        EXPECT_FALSE(is_host_name(name)) << name;
    EXPECT_TRUE(is_ip_literal("::1"));
    EXPECT_FALSE(is_ip_literal("127.0.0"));
}

TEST(host_name, in_urls_and_as_a_hubs_name) {
    EXPECT_EQ(host_in_url("::1"), "[::1]");
    EXPECT_EQ(host_in_url("hub.example.net"), "hub.example.net");
    EXPECT_EQ(hub_name_of("hub.example.net"), "hub");
    EXPECT_EQ(hub_name_of("localhost"), "localhost");
    EXPECT_EQ(hub_name_of("10.0.0.1"), "capstan");
}

} // namespace
} // namespace capstan::server
