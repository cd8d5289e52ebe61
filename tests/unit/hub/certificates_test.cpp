// Which certificate is whose: contract/semantics.md, section 5.3.

#include <gtest/gtest.h>

#include "hub/access.hpp"

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

} // namespace
} // namespace capstan::hub
