// Which certificate is whose: contract/semantics.md, section 5.3.

#include <gtest/gtest.h>

#include "hub/access.hpp"
#include "support/hub_fixture.hpp"

namespace capstan::hub {
namespace {

using store::authentication_type;

const client_certificate shown{std::string(40, 'A'), std::string(64, 'B'), "pump-7", true};

store::device device(authentication_type how, const std::string& primary = "", const std::string& secondary = "") {
    store::device made;
    made.id = "pump-7";
    made.enabled = true;
    made.authentication = how;
    made.primary_thumbprint = primary;
    made.secondary_thumbprint = secondary;
    return made;
}

TEST(certificates, by_either_thumbprint_in_either_digest) {
    const auto by = [](const std::string& primary, const std::string& secondary) {
        return access::is_certificate_of(shown, device(authentication_type::self_signed, primary, secondary));
    };
    EXPECT_TRUE(by(shown.sha1, ""));
    EXPECT_TRUE(by("", shown.sha256));
    EXPECT_TRUE(by(std::string(64, 'C'), std::string(40, 'a'))); // in any case
    EXPECT_FALSE(by("", ""));
    EXPECT_FALSE(by(std::string(40, 'B'), std::string(64, 'A')));
    EXPECT_FALSE(access::is_certificate_of({}, device(authentication_type::self_signed)));
}

TEST(certificates, by_an_authority_for_the_devices_name) {
    const auto signed_one = device(authentication_type::certificate_authority, shown.sha1);
    EXPECT_TRUE(access::is_certificate_of(shown, signed_one));
    auto other = shown;
    other.trusted = false;
    EXPECT_FALSE(access::is_certificate_of(other, signed_one)); // a thumbprint says nothing here
    other = shown;
    other.common_name = "PUMP-7";
    EXPECT_FALSE(access::is_certificate_of(other, signed_one));
}

TEST(certificates, of_nobody_who_is_disabled_or_signs_in_otherwise) {
    auto disabled = device(authentication_type::self_signed, shown.sha1);
    disabled.enabled = false;
    EXPECT_FALSE(access::is_certificate_of(shown, disabled));
    EXPECT_FALSE(access::is_certificate_of(shown, device(authentication_type::sas, shown.sha1)));
    EXPECT_FALSE(access::is_certificate_of(shown, device(authentication_type::none, shown.sha1)));
}

/// contract/semantics.md, 5.3: "deviceId/moduleId". Its device's certificate is not the module's.
TEST(certificates, of_modules) {
    auto signed_one = device(authentication_type::certificate_authority),
         named_one = device(authentication_type::self_signed, shown.sha256);
    signed_one.id = named_one.id = store::module_key("pump-7", "valve");
    EXPECT_TRUE(access::is_certificate_of(shown, named_one));
    EXPECT_FALSE(access::is_certificate_of(shown, signed_one));
    auto of_module = shown;
    of_module.common_name = "pump-7/valve";
    EXPECT_TRUE(access::is_certificate_of(of_module, signed_one));
    of_module.common_name = "pump-8/valve";
    EXPECT_FALSE(access::is_certificate_of(of_module, signed_one));
}

/// Links on one connection that has shown a certificate.
class certificate_links_test : public test::hub_fixture {
protected:
    certificate_links_test() {
        instance->access().trust = [this](const client_certificate& certificate) { return certificate.trusted && trusting; };
        for (const auto how : {authentication_type::certificate_authority, authentication_type::self_signed}) {
            auto made = device(how, shown.sha1);
            made.id = how == authentication_type::self_signed ? "named" : "pump-7";
            store_device(made);
            made.id = store::module_key("pump-7", how == authentication_type::self_signed ? "named" : "signed");
            store_device(made);
        }
    }
    void store_device(const store::device& made) {
        store->devices().put(made, store::must_not_exist{}, {queue, [](const auto& result) { ASSERT_TRUE(result); }});
        queue.drain();
    }
    std::string attached(test::hub_client& client, const std::string& of) {
        client.news.detached.clear();
        sender(client, "/devices/" + of + "/messages/events");
        return client.news.detached.empty() ? "" : client.news.detached[0].error.condition;
    }
    bool trusting = true;
};

TEST_F(certificate_links_test, of_devices_and_modules) {
    auto& client = connect_with(shown);
    EXPECT_EQ(attached(client, "pump-7"), "");
    EXPECT_EQ(attached(client, "named"), "");
    EXPECT_EQ(attached(client, "pump-7/modules/named"), "") << "by its thumbprint";
    EXPECT_EQ(attached(client, "pump-7/modules/signed"), "amqp:unauthorized-access") << "its common name is the device's";
    auto of_module = shown;
    of_module.common_name = "pump-7/signed";
    EXPECT_EQ(attached(connect_with(of_module), "pump-7/modules/signed"), "");
}

TEST_F(certificate_links_test, end_when_their_authority_is_trusted_no_more) {
    auto& client = connect_with(shown);
    ASSERT_EQ(attached(client, "pump-7"), "");
    ASSERT_EQ(attached(client, "named"), "");
    instance->look_again_at_certificates();
    settle();
    EXPECT_TRUE(client.news.detached.empty()) << "nothing has changed";
    trusting = false;
    instance->look_again_at_certificates();
    settle();
    ASSERT_EQ(client.news.detached.size(), 1u) << "the one that a thumbprint names stays";
    EXPECT_EQ(client.news.detached[0].error.condition, "amqp:unauthorized-access");
    EXPECT_EQ(attached(client, "pump-7"), "amqp:unauthorized-access");
}

} // namespace
} // namespace capstan::hub
