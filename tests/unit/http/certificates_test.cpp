// /certificates: authorities of devices, from their registration to their removal.

#include <fstream>

#include "auth/base64.hpp"
#include "hub/registry/authorities.hpp"
#include "unit/authority.hpp"
#include "unit/http/hub_on_http.hpp"

namespace capstan::test {
namespace {

struct certificates_http_test : hub_on_http {
    certificates_http_test() {
        clock.advance(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()) - clock.now());
    }
    static std::string body_with(const std::filesystem::path& file) {
        std::ifstream from(file);
        const std::string pem(std::istreambuf_iterator<char>(from), {});
        return boost::json::serialize(boost::json::object{{"properties", {{"certificate", auth::to_base64(as_bytes(pem))}}}});
    }
    std::string path(std::string_view action = "") { return "/certificates/plant" + std::string(action) + version; }

    authority made;
};

TEST_F(certificates_http_test, an_authority_is_registered_proved_and_removed) {
    auto given = ask(verb::put, path(), body_with(made.file()));
    ASSERT_EQ(verdict(given), "200");
    auto document = json_of(given);
    EXPECT_EQ(document.at("name"), "plant");
    EXPECT_EQ(document.at("properties").at("isVerified"), false);
    EXPECT_THAT(std::string(document.at("properties").at("subject").as_string()), testing::StartsWith("CN=authority"));
    EXPECT_EQ(document.at("properties").at("thumbprint").as_string().size(), 40u);
    document = json_of(ask(verb::post, path("/generateVerificationCode"), {}, std::string(document.at("etag").as_string())));
    const std::string code(document.at("properties").at("verificationCode").as_string());
    EXPECT_EQ(verdict(ask(verb::post, path("/verify"), body_with(made.issue("other", "").certificate))), "400 ArgumentInvalid");
    given = ask(verb::post, path("/verify"), body_with(made.issue(code, "").certificate));
    ASSERT_EQ(verdict(given), "200") << given.body();
    EXPECT_EQ(json_of(given).at("properties").at("isVerified"), true);
    EXPECT_EQ(json_of(ask(verb::get, "/certificates" + version)).at("value").as_array().size(), 1u);
    EXPECT_EQ(verdict(ask(verb::get, path())), "200");
    EXPECT_EQ(verdict(ask(verb::delete_, path(), {}, "stale")), "412 PreconditionFailed");
    EXPECT_EQ(verdict(ask(verb::delete_, path(), {}, std::string(json_of(given).at("etag").as_string()))), "204");
    EXPECT_EQ(verdict(ask(verb::get, path())), "404 CertificateNotFound");
}

TEST_F(certificates_http_test, what_is_refused) {
    EXPECT_EQ(verdict(ask(verb::put, path(), "{")), "400 IotHubFormatError");
    EXPECT_EQ(verdict(ask(verb::put, path(), R"({"properties":{}})")), "400 IotHubFormatError");
    EXPECT_EQ(verdict(ask(verb::put, path(), R"({"properties":{"certificate":"rubbish"}})")), "400 ArgumentInvalid");
    EXPECT_EQ(verdict(ask(verb::put, path(), body_with(made.file()))), "200");
    EXPECT_EQ(verdict(ask(verb::put, path(), body_with(made.file()))), "409 CertificateAlreadyExists");
    EXPECT_EQ(verdict(ask(verb::post, path("/verify"), body_with(made.file()))), "400 ArgumentInvalid");
    EXPECT_EQ(verdict(ask(verb::post, "/certificates/none/generateVerificationCode" + version)), "404 CertificateNotFound");
    for (const auto& [method, policy] : {std::pair(verb::put, "registryRead"), std::pair(verb::get, "service")})
        EXPECT_EQ(verdict(ask(request(method, path(), body_with(made.file()), {}, token(policy)))), "401 IotHubUnauthorizedAccess");
}

} // namespace
} // namespace capstan::test
