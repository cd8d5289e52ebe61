#include "auth/access_policy.hpp"

#include <gtest/gtest.h>

#include <set>

#include "auth/base64.hpp"

namespace capstan::auth {
namespace {

TEST(rights, writing_includes_reading) {
    EXPECT_TRUE(includes(rights::registry_write, rights::registry_read));
    EXPECT_FALSE(includes(rights::registry_read, rights::registry_write));
    EXPECT_FALSE(includes(rights::service_connect, rights::device_connect));
    EXPECT_TRUE(includes(rights::none, rights::none));
}

TEST(rights, as_text_and_back) {
    const rights owner = rights::registry_write | rights::service_connect | rights::device_connect;
    EXPECT_EQ(to_text(owner), "RegistryRead, RegistryWrite, ServiceConnect, DeviceConnect");
    EXPECT_EQ(to_text(rights::registry_read), "RegistryRead");
    for (const rights one : {owner, rights::registry_read, rights::registry_write, rights::service_connect, rights::device_connect})
        EXPECT_EQ(rights_from_text(to_text(one)), one);
    EXPECT_EQ(rights_from_text(" deviceconnect ,ServiceConnect"), rights::device_connect | rights::service_connect);
    for (const char* wrong : {"", "Everything", "RegistryRead,", "RegistryRead; ServiceConnect"})
        EXPECT_EQ(rights_from_text(wrong), rights::none) << wrong;
}

TEST(policy_set, has_azures_five_with_keys_of_their_own) {
    const policy_set policies = policy_set::built_in();
    const std::pair<const char*, unsigned> expected[] = {
        {"iothubowner", 15}, {"service", 4}, {"device", 8}, {"registryRead", 1}, {"registryReadWrite", 3}};
    ASSERT_EQ(policies.all().size(), std::size(expected));
    std::set<std::string> keys;
    for (const auto& [name, flags] : expected) {
        const access_policy* policy = policies.find(name);
        ASSERT_TRUE(policy) << name;
        EXPECT_EQ(static_cast<unsigned>(policy->granted), flags) << name;
        for (const std::string& key : {policy->primary_key, policy->secondary_key}) {
            EXPECT_EQ(from_base64(key)->size(), 32u);
            EXPECT_TRUE(keys.insert(key).second);
        }
    }
    EXPECT_FALSE(policies.find("IotHubOwner"));
    EXPECT_FALSE(policies.find(""));
}

} // namespace
} // namespace capstan::auth
