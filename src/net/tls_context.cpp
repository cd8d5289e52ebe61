#include "net/tls_context.hpp"

#include <algorithm>
#include <atomic>
#include <new>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "net/tls_files.hpp"

namespace capstan::net {

struct tls_parts {
    bool asks_clients = false;
    std::vector<server_identity> servers; ///< the first is for whoever asks for no name, or for one that none has
    pem_content clients;                  ///< the operator's
};

namespace {

std::uint64_t next_number() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

template<class T> void free_content(void*, void* content, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<T*>(content); }

/// Where a context keeps its parts, and a store the registered authorities: both go with it.
int parts_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_content<std::shared_ptr<const tls_parts>>);
    return index;
}
int registered_index() {
    static const int index =
        CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_X509_STORE, 0, nullptr, nullptr, nullptr, free_content<std::vector<certificate_ptr>>);
    return index;
}

/// TLS 1.2, contract/semantics.md, 5.4. Those of 1.3 are OpenSSL's: all of them are sound.
constexpr const char* ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:"
                                "ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384";

/// Sessions are resumed only where they were begun.
constexpr unsigned char session_id_context[] = "capstan";

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

/// Registered ones have no list of revoked certificates: theirs are blocked by disabling the device (contract/semantics.md, 5.3).
int look_at_error(int good, X509_STORE_CTX* certificate) {
    if (good || X509_STORE_CTX_get_error(certificate) != X509_V_ERR_UNABLE_TO_GET_CRL)
        return good;
    const auto* const chain = X509_STORE_CTX_get0_chain(certificate);
    const int depth = X509_STORE_CTX_get_error_depth(certificate);
    const auto* const issuer = depth + 1 < sk_X509_num(chain) ? sk_X509_value(chain, depth + 1) : nullptr;
    const auto* const registered = static_cast<const std::vector<certificate_ptr>*>(
        X509_STORE_get_ex_data(X509_STORE_CTX_get0_store(certificate), registered_index()));
    const auto same = [&](const certificate_ptr& each) { return X509_cmp(each.get(), issuer) == 0; };
    if (!issuer || !registered || std::ranges::none_of(*registered, same))
        return good;
    X509_STORE_CTX_set_error(certificate, X509_V_OK);
    return 1;
}

void trust(SSL_CTX* context, const tls_parts& parts, std::vector<certificate_ptr> registered) {
    auto* const store = SSL_CTX_get_cert_store(context);
    for (const auto* const some : {&parts.clients.certificates, &std::as_const(registered)})
        for (const auto& each : *some)
            X509_STORE_add_cert(store, each.get());
    for (const auto& each : parts.clients.revocations)
        X509_STORE_add_crl(store, each.get());
    if (!parts.clients.revocations.empty())
        X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    if (registered.empty())
        return;
    X509_STORE_set_verify_cb(store, look_at_error);
    X509_STORE_set_ex_data(store, registered_index(), new std::vector<certificate_ptr>(std::move(registered)));
}

/// Of several certificates, the one for the name that the client asks for.
int choose_certificate(SSL* connection, void*) {
    const char* const name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
    const auto* const parts =
        static_cast<const std::shared_ptr<const tls_parts>*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), parts_index()));
    if (!name || !parts)
        return 1;
    for (const auto& each : (*parts)->servers) {
        if (X509_check_host(each.certificate.get(), name, 0, 0, nullptr) != 1)
            continue;
        if (&each == &(*parts)->servers.front())
            return 1; // has been set for all
        return SSL_use_cert_and_key(connection, each.certificate.get(), each.key.get(), each.chain.get(), 1);
    }
    return 1;
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

tls_context::tls_context(std::shared_ptr<const tls_parts> parts, const std::string& registered)
    : parts_(std::move(parts)), number_(next_number()), context_(SSL_CTX_new(TLS_server_method())) {
    if (!context_)
        throw std::bad_alloc();
    set_up(context_);
    if (parts_->asks_clients)
        ask_for_certificates(context_);
    trust(context_, *parts_, read_pem_text(registered).certificates);
    const auto& first = parts_->servers.front();
    SSL_CTX_use_cert_and_key(context_, first.certificate.get(), first.key.get(), first.chain.get(), 1);
    if (parts_->servers.size() == 1)
        return;
    // The context may outlive this object, and shows the certificates then too.
    SSL_CTX_set_ex_data(context_, parts_index(), new std::shared_ptr<const tls_parts>(parts_));
    SSL_CTX_set_cert_cb(context_, choose_certificate, nullptr);
}

std::expected<std::shared_ptr<const tls_context>, std::string> tls_context::for_server(const certificate_pair& first,
                                                                                       const client_certificates& clients,
                                                                                       const std::vector<certificate_pair>& others) {
    auto parts = std::make_shared<tls_parts>();
    parts->asks_clients = clients.asked;
    const auto cannot = [](const std::filesystem::path& file) {
        return std::unexpected(fmt::format("cannot use the authorities for devices in {}: {}", file.string(), openssl_reason()));
    };
    ERR_clear_error();
    if (clients.authorities)
        parts->clients.certificates = read_pem_file(*clients.authorities).certificates;
    if (clients.authorities && parts->clients.certificates.empty())
        return cannot(*clients.authorities);
    if (clients.revoked)
        parts->clients.revocations = read_pem_file(*clients.revoked).revocations;
    if (clients.revoked && parts->clients.revocations.empty())
        return cannot(*clients.revoked);
    auto pairs = others;
    pairs.insert(pairs.begin(), first);
    for (const auto& each : pairs) {
        auto read = read_identity(each.certificate, each.key);
        if (!read)
            return std::unexpected(std::move(read.error()));
        parts->servers.push_back(*std::move(read));
    }
    return std::make_shared<const tls_context>(std::move(parts), clients.registered);
}

std::shared_ptr<const tls_context> tls_context::with_registered(const std::string& pem) const {
    return std::make_shared<const tls_context>(parts_, pem);
}

bool tls_context::trusts(const client_certificate& shown) const {
    if (shown.judged_by == number_ || !shown.chain)
        return shown.trusted;
    const chain_ptr chain(sk_X509_new_null());
    for (const auto& each : *shown.chain) {
        const unsigned char* at = each.data();
        if (auto* const read = d2i_X509(nullptr, &at, static_cast<long>(each.size())))
            sk_X509_push(chain.get(), read);
    }
    if (sk_X509_num(chain.get()) == 0)
        return false;
    X509_STORE_CTX* const judge = X509_STORE_CTX_new();
    const bool good = X509_STORE_CTX_init(judge, SSL_CTX_get_cert_store(context_), sk_X509_value(chain.get(), 0), chain.get()) == 1 &&
                      X509_STORE_CTX_set_default(judge, "ssl_client") == 1 && X509_verify_cert(judge) == 1;
    X509_STORE_CTX_free(judge);
    ERR_clear_error();
    return good;
}

} // namespace capstan::net
