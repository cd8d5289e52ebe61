#include "server/certificates.hpp"

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "server/x509.hpp"
#include "support/temporary_folder.hpp"

namespace capstan::server {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr wall_time now{std::chrono::seconds(1'800'000'000)};

certificate_files prepared(const test::temporary_folder& folder, const std::vector<std::string>& names, wall_time at = now) {
    auto files = prepare_own_certificate(folder / "tls", names, at);
    EXPECT_TRUE(files) << files.error();
    return files.value_or(certificate_files{});
}

/// With OpenSSL's strict checks, as a TLS client does for this host. Empty: trusted.
std::string verify(const certificate_files& files, const std::string& host, wall_time at) {
    const auto server = read_certificate(files.certificate);
    const auto ca = read_certificate(*files.ca);
    X509_STORE* trusted = X509_STORE_new();
    X509_STORE_add_cert(trusted, ca->get());
    X509_STORE_CTX* context = X509_STORE_CTX_new();
    X509_STORE_CTX_init(context, trusted, server->get(), nullptr);
    X509_VERIFY_PARAM* wanted = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_flags(wanted, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
    X509_VERIFY_PARAM_set_purpose(wanted, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_time(wanted, std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
    const bool literal = host.find_first_not_of("0123456789.:abcdef") == std::string::npos;
    if (literal)
        X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str());
    else
        X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), 0);
    const bool good = X509_verify_cert(context) == 1;
    const std::string result = good ? "" : X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
    X509_STORE_CTX_free(context);
    X509_STORE_free(trusted);
    return result;
}

unsigned mode_of(const std::filesystem::path& file) {
    struct stat status{};
    return ::stat(file.c_str(), &status) == 0 ? status.st_mode & 0777u : 0u;
}

TEST(own_certificate, is_trusted_for_all_its_names) {
    const test::temporary_folder folder;
    const auto files = prepared(folder, {"hub.example.net", "10.1.2.3", "fd00::7"});
    EXPECT_EQ(files.notes.size(), 2u);
    for (const char* host : {"hub.example.net", "localhost", "127.0.0.1", "::1", "10.1.2.3", "fd00::7"})
        EXPECT_EQ(verify(files, host, now), "") << host;
    EXPECT_NE(verify(files, "other.example.net", now), "");
    EXPECT_EQ(verify(files, "localhost", now + 24h * 800), "");
    EXPECT_NE(verify(files, "localhost", now + 24h * 826), "");
    EXPECT_EQ(mode_of(files.key), 0600u);
    EXPECT_EQ(mode_of(folder / "tls/ca-key.pem"), 0600u);
    EXPECT_EQ(mode_of(*files.ca), 0644u);
    EXPECT_EQ(mode_of(folder / "tls"), 0755u);
}

TEST(own_certificate, is_kept) {
    const test::temporary_folder folder;
    prepared(folder, {"hub.example.net", "hub"});
    const std::string ca = folder.read("tls/ca.pem"), server = folder.read("tls/server.pem");
    EXPECT_THAT(prepared(folder, {"hub.example.net"}, now + 24h * 700).notes, IsEmpty());
    EXPECT_EQ(folder.read("tls/ca.pem"), ca);
    EXPECT_EQ(folder.read("tls/server.pem"), server);
}

TEST(own_certificate, is_renewed_by_the_same_ca) {
    const test::temporary_folder folder;
    prepared(folder, {"hub"});
    const std::string ca = folder.read("tls/ca.pem");

    const auto late = prepared(folder, {"hub"}, now + 24h * 795);
    EXPECT_THAT(late.notes, ElementsAre(HasSubstr("expires within 30 days")));
    EXPECT_EQ(verify(late, "hub", now + 24h * 900), "");

    const auto renamed = prepared(folder, {"hub", "new.example.net"}, now + 24h * 795);
    EXPECT_THAT(renamed.notes, ElementsAre(HasSubstr("lacks the name new.example.net")));
    EXPECT_EQ(verify(renamed, "new.example.net", now + 24h * 800), "");
    EXPECT_EQ(folder.read("tls/ca.pem"), ca);
}

TEST(own_certificate, survives_a_start_that_was_killed_halfway) {
    const test::temporary_folder folder;
    prepared(folder, {"hub"});
    std::filesystem::remove(folder / "tls/server.pem");
    EXPECT_EQ(verify(prepared(folder, {"hub"}), "hub", now), "");
    std::filesystem::remove(folder / "tls/ca.pem");
    const auto files = prepared(folder, {"hub"});
    EXPECT_THAT(files.notes, ElementsAre(HasSubstr("made a CA"), HasSubstr("not issued by the hub's CA")));
    EXPECT_EQ(verify(files, "hub", now), "");
}

TEST(own_certificate, ends_with_its_ca) {
    const test::temporary_folder folder;
    prepared(folder, {"hub"});
    const wall_time late = now + 24h * 3640;
    EXPECT_EQ(verify(prepared(folder, {"hub"}, late), "hub", late), "");
    EXPECT_THAT(prepared(folder, {"hub"}, late).notes, IsEmpty());
    EXPECT_THAT(prepare_own_certificate(folder / "tls", {"hub"}, now + 24h * 3653).error(), HasSubstr("ca.pem has expired"));
}

TEST(own_certificate, an_error_names_the_file) {
    const std::pair<const char*, const char*> rows[] = {
        {"tls/ca.pem", "not a certificate"}, {"tls/server.pem", "not a certificate"}, {"tls/server-key.pem", "not a private key"}};
    for (const auto& [name, reason] : rows)
        for (const std::string& content :
             {std::string(), std::string("rubbish"), std::string("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}) {
            const test::temporary_folder folder;
            prepared(folder, {"hub"});
            folder.write(name, content);
            const auto files = prepare_own_certificate(folder / "tls", {"hub"}, now);
            ASSERT_FALSE(files) << name;
            EXPECT_THAT(files.error(), HasSubstr((folder / name).string())) << name;
            EXPECT_THAT(files.error(), HasSubstr(reason)) << name;
        }
}

TEST(own_certificate, a_key_of_another_certificate_is_refused) {
    const test::temporary_folder folder;
    prepared(folder, {"hub"});
    std::filesystem::copy_file(folder / "tls/ca-key.pem", folder / "tls/server-key.pem", std::filesystem::copy_options::overwrite_existing);
    EXPECT_THAT(prepare_own_certificate(folder / "tls", {"hub"}, now).error(), HasSubstr("does not belong to the certificate"));
}

TEST(own_certificate, a_missing_ca_key_is_an_error_only_when_it_is_needed) {
    const test::temporary_folder folder;
    prepared(folder, {"hub"});
    std::filesystem::remove(folder / "tls/ca-key.pem");
    EXPECT_THAT(prepared(folder, {"hub"}).notes, IsEmpty());
    EXPECT_THAT(prepare_own_certificate(folder / "tls", {"other"}, now).error(), HasSubstr("ca-key.pem"));
}

TEST(given_certificate, is_checked) {
    const test::temporary_folder folder;
    const auto own = prepared(folder, {"hub"});
    const auto given = check_given_certificate(own.certificate, own.key, own.ca, now);
    ASSERT_TRUE(given) << given.error();
    EXPECT_THAT(given->notes, IsEmpty());
    EXPECT_THAT(check_given_certificate(own.certificate, own.key, {}, now + 24h * 810)->notes,
                ElementsAre(HasSubstr("expires within 30 days")));
    EXPECT_THAT(check_given_certificate(own.certificate, own.key, {}, now + 24h * 830).error(), HasSubstr("has expired"));
    EXPECT_THAT(check_given_certificate(own.certificate, own.key, {}, now - 24h * 30).error(), HasSubstr("not valid yet"));
    EXPECT_THAT(check_given_certificate(own.certificate, folder / "none.pem", {}, now).error(), HasSubstr("none.pem"));
    EXPECT_THAT(check_given_certificate(own.certificate, folder / "tls/ca-key.pem", {}, now).error(), HasSubstr("does not belong"));
    EXPECT_THAT(check_given_certificate(own.certificate, own.key, own.key, now).error(), HasSubstr("server-key.pem is not a certificate"));
}

} // namespace
} // namespace capstan::server
