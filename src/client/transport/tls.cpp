#include "client/transport/tls.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "client/transport/connect.hpp"

namespace capstan::client {
namespace {

void require(const boost::system::error_code& error, std::string_view what, const std::filesystem::path& file) {
    if (error)
        throw client_error(errc::invalid_argument, fmt::format("{} {}: {}", what, file.string(), error.message()));
}

void trust(asio::ssl::context& tls, const client_options& options) {
    const std::filesystem::path file = options.ca_file().value_or("");
    boost::system::error_code error;
    if (options.ca_file())
        tls.load_verify_file(file.string(), error);
    else
        tls.set_default_verify_paths(error);
    require(error, "the authorities to trust", file);
    tls.set_verify_mode(asio::ssl::verify_peer);
}

/// A key without a file of its own is in that of the certificate.
void identify(asio::ssl::context& tls, const endpoint& to) {
    if (to.certificate.empty())
        return;
    const auto& key = to.key.empty() ? to.certificate : to.key;
    boost::system::error_code error;
    tls.use_certificate_chain_file(to.certificate.string(), error);
    require(error, "the client certificate", to.certificate);
    // Nobody is there to be asked for a pass phrase; OpenSSL would read it from the terminal.
    tls.set_password_callback([](std::size_t, asio::ssl::context::password_purpose) { return std::string(); });
    tls.use_private_key_file(key.string(), asio::ssl::context::pem, error);
    require(error, "the client certificate's key", key);
}

/// The name that the certificate must have. Common names do not count (RFC 9525, section 2). Servers are told which of their names is
/// meant, but never an address (RFC 6066, section 3).
bool expect(SSL* tls, const std::string& host) {
    X509_VERIFY_PARAM* const rules = SSL_get0_param(tls);
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    boost::system::error_code no_address;
    const auto address = asio::ip::make_address(host, no_address);
    if (no_address)
        return X509_VERIFY_PARAM_set1_host(rules, host.c_str(), 0) == 1 && SSL_set_tlsext_host_name(tls, host.c_str()) == 1;
    if (address.is_v4())
        return X509_VERIFY_PARAM_set1_ip(rules, address.to_v4().to_bytes().data(), 4) == 1;
    return X509_VERIFY_PARAM_set1_ip(rules, address.to_v6().to_bytes().data(), 16) == 1;
}

} // namespace

asio::ssl::context tls_context(const endpoint& to, const client_options& options) {
    asio::ssl::context tls(asio::ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
    trust(tls, options);
    identify(tls, to);
    return tls;
}

asio::awaitable<void> shake_hands(progress& whole, tls_layer& tls, const endpoint& to) {
    const step now(whole, "TLS with " + host_and_port(to.host, to.port), [&tls] {
        boost::system::error_code ignored;
        tls.lowest_layer().close(ignored);
    });
    if (!expect(tls.native_handle(), to.host))
        now.fail("the name cannot be used");
    boost::system::error_code error;
    co_await tls.async_handshake(asio::ssl::stream_base::client, into(error));
    if (const auto verdict = SSL_get_verify_result(tls.native_handle()); error && verdict != X509_V_OK)
        now.fail(fmt::format("certificate verify failed: {}", X509_verify_cert_error_string(verdict)), errc::hub_not_trusted);
    now.require(error);
}

} // namespace capstan::client
