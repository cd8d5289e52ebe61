#include "net/tls_context.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

namespace capstan::net {
namespace {

/// TLS 1.2, contract/semantics.md, 5.4. Those of 1.3 are OpenSSL's: all of them are sound.
constexpr const char* ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:"
                                "ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384";

/// Sessions are resumed only where they were begun.
constexpr unsigned char session_id_context[] = "capstan";

std::string last_error() {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason ? reason : "unknown error";
}

/// The handshake goes on whatever comes of it; what did is in SSL_get_verify_result(), and in sessions that are resumed.
int look_at_certificate(X509_STORE_CTX* certificate, void*) {
    if (X509_verify_cert(certificate) <= 0 && X509_STORE_CTX_get_error(certificate) == X509_V_OK)
        X509_STORE_CTX_set_error(certificate, X509_V_ERR_UNSPECIFIED);
    return 1;
}

void ask_for_certificates(SSL_CTX* context) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(context, look_at_certificate, nullptr);
    // An authority may itself be signed by one that is not ours to trust.
    X509_STORE_set_flags(SSL_CTX_get_cert_store(context), X509_V_FLAG_PARTIAL_CHAIN);
}

/// Empty, or the file that cannot be used.
std::string trust(SSL_CTX* context, const client_certificates& clients) {
    auto* store = SSL_CTX_get_cert_store(context);
    if (clients.authorities && X509_STORE_load_file(store, clients.authorities->c_str()) != 1)
        return clients.authorities->string();
    if (!clients.revoked)
        return {};
    auto* lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    if (!lookup || X509_load_crl_file(lookup, clients.revoked->c_str(), X509_FILETYPE_PEM) < 1)
        return clients.revoked->string();
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    return {};
}

void set_up(SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context, ciphers);
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_NO_RENEGOTIATION          // or a peer could make us compute without end
                                     | SSL_OP_IGNORE_UNEXPECTED_EOF);   // AMQP has a close of its own; many clients skip that of TLS
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS                  // an idle connection holds none
                                  | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1); // a record's head and body with one system call
    // Resumption by ticket: the client keeps the session, so that we need not. One is enough for a client of one connection.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_id_context(context, session_id_context, sizeof(session_id_context) - 1);
    SSL_CTX_set_num_tickets(context, 1);
}

} // namespace

std::expected<std::shared_ptr<const tls_context>, std::string> tls_context::for_server(const std::filesystem::path& certificate,
                                                                                       const std::filesystem::path& key,
                                                                                       const client_certificates& clients) {
    ERR_clear_error();
    SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
    if (!context)
        return std::unexpected(fmt::format("TLS cannot be used: {}", last_error()));
    auto made = std::make_shared<const tls_context>(context);
    set_up(context);
    if (clients.asked)
        ask_for_certificates(context);
    if (const auto bad = trust(context, clients); !bad.empty())
        return std::unexpected(fmt::format("cannot use the authorities for devices in {}: {}", bad, last_error()));
    if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1)
        return std::unexpected(fmt::format("cannot use the certificate {}: {}", certificate.string(), last_error()));
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1)
        return std::unexpected(fmt::format("cannot use the private key {}: {}", key.string(), last_error()));
    return made;
}

} // namespace capstan::net
