#include "auth/connection_string.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace capstan::auth {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(hub_connection_string, comes_back_as_it_was) {
    for (const char* text : {"HostName=hub.example.net;DeviceId=dev1;SharedAccessKey=AAEC+/8=",
                             "HostName=h;DeviceId=a=b;ModuleId=$edgeHub;SharedAccessKey=a2V5",
                             "HostName=h:8443;SharedAccessKeyName=iothubowner;SharedAccessKey=a2U=", "HostName=h;DeviceId=d;x509=true",
                             "HostName=h;DeviceId=d;SharedAccessKey=a2V5;GatewayHostName=edge"}) {
        const auto value = parse_hub_connection_string(text);
        ASSERT_TRUE(value) << text << ": " << value.error();
        EXPECT_EQ(to_text(*value), text);
    }
}

TEST(hub_connection_string, keys_in_any_case_and_order) {
    const auto value = parse_hub_connection_string("sharedaccesskey=a2U=;HOSTNAME=h;sharedAccessKeyName=service;");
    ASSERT_TRUE(value);
    EXPECT_EQ(value->host_name, "h");
    EXPECT_EQ(value->policy, "service");
    EXPECT_EQ(value->key, "a2U=");
}

TEST(hub_connection_string, says_what_is_wrong_but_not_the_key) {
    const std::pair<const char*, const char*> rows[] = {
        {"", "lacks 'HostName'"},
        {"DeviceId=d;SharedAccessKey=c2VjcmV0", "lacks 'HostName'"},
        {"HostName=h;SharedAccessKey=c2VjcmV0", "lacks 'SharedAccessKeyName' or 'DeviceId'"},
        {"HostName=h;ModuleId=m;SharedAccessKeyName=p;SharedAccessKey=c2VjcmV0", "lacks 'DeviceId'"},
        {"HostName=h;DeviceId=d", "lacks 'SharedAccessKey'"},
        {"HostName=h;DeviceId=d;SharedAccessKey=", "'SharedAccessKey' is empty"},
        {"HostName=h;HostName=i;DeviceId=d;SharedAccessKey=c2VjcmV0", "'HostName' twice"},
        {"HostName=h;DeviceId=d;SharedAccessKey=c2VjcmV0;x509=true", "both"},
        {"HostName=h;DeviceId=d;x509=maybe", "neither true nor false"},
        {"HostName=h;c2VjcmV0", "without '='"},
        {"HostName=h;Colour=red", "unknown key 'Colour'"},
        {"Endpoint=sb://h/;SharedAccessKeyName=p;SharedAccessKey=c2VjcmV0", "unknown key 'Endpoint'"},
    };
    for (const auto& [text, reason] : rows) {
        const auto value = parse_hub_connection_string(text);
        ASSERT_FALSE(value) << text;
        EXPECT_THAT(value.error(), HasSubstr(reason));
        EXPECT_THAT(value.error(), Not(HasSubstr("c2VjcmV0")));
    }
    EXPECT_THAT(parse_hub_connection_string(std::string(5000, 'a')).error(), HasSubstr("longer than"));
}

TEST(event_hub_connection_string, comes_back_as_it_was) {
    for (const char* text :
         {"Endpoint=sb://h/;SharedAccessKeyName=service;SharedAccessKey=a2U=;EntityPath=eh",
          "Endpoint=sb://127.0.0.1:15671/;SharedAccessKeyName=service;SharedAccessKey=a2U=;EntityPath=eh;UseDevelopmentEmulator=true"}) {
        const auto value = parse_event_hub_connection_string(text);
        ASSERT_TRUE(value) << value.error();
        EXPECT_EQ(to_text(*value), text);
    }
}

TEST(event_hub_connection_string, says_what_is_wrong) {
    const std::pair<const char*, const char*> rows[] = {
        {"SharedAccessKeyName=p;SharedAccessKey=k", "lacks 'Endpoint'"},
        {"Endpoint=sb://h/;SharedAccessKey=k", "lacks 'SharedAccessKeyName'"},
        {"Endpoint=https://h/;SharedAccessKeyName=p;SharedAccessKey=k", "sb://"},
        {"HostName=h;SharedAccessKeyName=p;SharedAccessKey=k", "unknown key 'HostName'"},
    };
    for (const auto& [text, reason] : rows)
        EXPECT_THAT(parse_event_hub_connection_string(text).error(), HasSubstr(reason)) << text;
}

} // namespace
} // namespace capstan::auth
