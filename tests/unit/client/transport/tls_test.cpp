#include "unit/client/transport/transport_fixture.hpp"

namespace capstan::client {
namespace {

using namespace std::chrono_literals;
using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

class tls_test : public test::client_transport {
protected:
    std::uint16_t serve_with(const test::certificate_files& files) {
        return serve(over_tls(tls_of(files), [](test::tls_socket& wire) { return echo(wire); }));
    }
    void expect_trusted(const std::string& host, const std::string& names) {
        const auto stream = open(at(serve_with(ca.issue("hub", names)), host), trusting());
        expect_echo(*stream);
    }
    /// What is said of the certificate.
    std::string distrust(const endpoint& to, const client_options& options) {
        const auto error = failure(to, options);
        EXPECT_EQ(error.reason(), errc::hub_not_trusted);
        const std::string start = "TLS with " + to.host + ':' + std::to_string(to.port) + ": certificate verify failed: ";
        EXPECT_THAT(error.description(), StartsWith(start));
        return error.description().substr(std::min(start.size(), error.description().size()));
    }
};

TEST_F(tls_test, a_name_in_the_certificate) { expect_trusted("localhost", "DNS:hub.local,DNS:localhost"); }
TEST_F(tls_test, an_address_in_the_certificate) { expect_trusted("127.0.0.1", "DNS:hub.local,IP:127.0.0.1"); }

TEST_F(tls_test, another_address_is_connected_to_and_the_certificate_is_for_the_name) {
    const auto elsewhere = trusting().connect_to("127.0.0.1");
    const auto port = serve_with(ca.issue("hub", "DNS:hub.invalid"));
    const auto stream = open(at(port, "hub.invalid"), elsewhere);
    expect_echo(*stream);
    EXPECT_EQ(distrust(at(port, "other.invalid"), elsewhere), "hostname mismatch");
    EXPECT_EQ(failure(at(port, "hub.invalid"), trusting().connect_to("hub/x")).reason(), errc::invalid_argument);
}

TEST_F(tls_test, another_name) {
    EXPECT_EQ(distrust(at(serve_with(ca.issue("hub", "DNS:hub.local")), "localhost"), trusting()), "hostname mismatch");
}

TEST_F(tls_test, another_address) {
    EXPECT_EQ(distrust(at(serve_with(ca.issue("hub", "IP:127.0.0.2,DNS:127.0.0.1"))), trusting()), "IP address mismatch");
}

TEST_F(tls_test, the_common_name_is_no_name) {
    EXPECT_EQ(distrust(at(serve_with(ca.issue("localhost", "")), "localhost"), trusting()), "hostname mismatch");
}

TEST_F(tls_test, another_authority) {
    test::authority other;
    EXPECT_EQ(distrust(at(serve_with(other.issue("hub", "IP:127.0.0.1"))), trusting()), "unable to get local issuer certificate");
}

TEST_F(tls_test, without_a_ca_file_it_is_the_system_that_trusts) {
    EXPECT_EQ(distrust(at(serve_with(ca.issue("hub", "IP:127.0.0.1"))), client_options()), "unable to get local issuer certificate");
}

TEST_F(tls_test, a_self_signed_certificate) {
    EXPECT_EQ(distrust(at(serve_with(ca.self_signed("hub", "IP:127.0.0.1"))), trusting()), "self-signed certificate");
}

TEST_F(tls_test, a_self_signed_certificate_that_is_trusted) {
    const auto files = ca.self_signed("hub", "IP:127.0.0.1");
    const auto stream = open(at(serve_with(files)), client_options().ca_file(files.certificate));
    expect_echo(*stream);
}

TEST_F(tls_test, an_expired_certificate) {
    EXPECT_EQ(distrust(at(serve_with(ca.issue("hub", "IP:127.0.0.1", -3600))), trusting()), "certificate has expired");
}

TEST_F(tls_test, the_server_is_told_its_name_but_no_address) {
    std::vector<std::string> asked;
    auto& tls = tls_of(ca.issue("hub", "DNS:localhost,IP:127.0.0.1"));
    const auto port = serve(over_tls(tls, [&](test::tls_socket& wire) {
        const char* const name = SSL_get_servername(wire.native_handle(), TLSEXT_NAMETYPE_host_name);
        asked.emplace_back(name ? name : "none");
        return echo(wire);
    }));
    for (const std::string host : {"localhost", "127.0.0.1"}) {
        const auto stream = open(at(port, host), trusting());
        expect_echo(*stream);
    }
    EXPECT_THAT(asked, testing::ElementsAre("localhost", "none"));
}

TEST_F(tls_test, the_client_certificate_is_shown) {
    std::string shown;
    auto& tls = tls_of(ca.issue("hub", "IP:127.0.0.1"));
    tls.load_verify_file(ca.file().string());
    tls.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
    const auto port = serve(over_tls(tls, [&](test::tls_socket& wire) {
        char name[100] = {};
        X509_NAME_oneline(X509_get_subject_name(SSL_get0_peer_certificate(wire.native_handle())), name, sizeof(name));
        shown = name;
        return echo(wire);
    }));
    auto to = at(port);
    const auto device = ca.issue("pump-7", "");
    to.certificate = device.certificate;
    to.key = device.key;
    const auto stream = open(to, trusting());
    expect_echo(*stream);
    EXPECT_EQ(shown, "/CN=pump-7");
}

TEST_F(tls_test, files_that_cannot_be_used_are_named) {
    const auto expect_refused = [&](const endpoint& to, const client_options& options, const std::string& words) {
        const auto error = failure(to, options);
        EXPECT_EQ(error.reason(), errc::invalid_argument);
        EXPECT_THAT(error.description(), StartsWith(words));
    };
    const auto rubbish = ca.rubbish();
    expect_refused(at(5671), client_options().ca_file("/nowhere.pem"), "the authorities to trust /nowhere.pem: No such file");
    expect_refused(at(5671), client_options().ca_file(rubbish), "the authorities to trust " + rubbish.string() + ": no certificate");
    auto to = at(5671);
    to.certificate = rubbish;
    expect_refused(to, trusting(), "the client certificate " + rubbish.string() + ": no start line");
    to.certificate = ca.file();
    to.key = rubbish;
    expect_refused(to, trusting(), "the client certificate's key " + rubbish.string());
    to.key = ca.issue("other", "").key;
    expect_refused(to, trusting(), "the client certificate's key " + to.key.string() + ": key values mismatch");
}

TEST_F(tls_test, what_is_no_tls_server_is_said) {
    const auto error = failure(at(serve(echoing)), trusting());
    EXPECT_EQ(error.reason(), errc::connection_failed);
    EXPECT_THAT(error.description(), StartsWith("TLS with 127.0.0.1:"));
}

TEST_F(tls_test, a_server_that_closes_during_the_handshake) {
    const auto error = failure(at(serve(closing)), trusting());
    EXPECT_EQ(error.reason(), errc::connection_failed);
    EXPECT_THAT(error.description(), AnyOf(HasSubstr(": the connection was closed"), HasSubstr(": Connection reset by peer")));
}

TEST_F(tls_test, versions_before_1_2_are_not_spoken) {
    auto& tls = tls_of(ca.issue("hub", "IP:127.0.0.1"));
    SSL_CTX_set_security_level(tls.native_handle(), 0);
    SSL_CTX_set_max_proto_version(tls.native_handle(), TLS1_1_VERSION);
    const auto error = failure(at(serve(over_tls(tls, [](test::tls_socket& wire) { return echo(wire); }))), trusting());
    EXPECT_EQ(error.reason(), errc::connection_failed);
    EXPECT_THAT(error.description(), HasSubstr("protocol version"));
}

} // namespace
} // namespace capstan::client
