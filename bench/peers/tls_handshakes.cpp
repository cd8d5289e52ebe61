// How many TLS 1.3 handshakes OpenSSL itself makes in a second on one core, with nothing around them: client and server in one thread, no
// socket between them, ECDSA P-256, one ticket. Writes one JSON object to stdout.
//
//     tls_handshakes [SECONDS]     full and resumed handshakes are measured for SECONDS (1) each

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <utility>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace {

using std::chrono::steady_clock;

template<auto Free> struct freed_by {
    template<class T> void operator()(T* of) const { Free(of); }
};
using key = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate = std::unique_ptr<X509, freed_by<X509_free>>;
using context = std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>>;
using connection = std::unique_ptr<SSL, freed_by<SSL_free>>;
using session = std::unique_ptr<SSL_SESSION, freed_by<SSL_SESSION_free>>;

void must(bool good, const char* what) {
    if (!good)
        throw std::runtime_error(what);
}

certificate self_signed(EVP_PKEY* by) {
    certificate made(X509_new());
    X509_gmtime_adj(X509_getm_notBefore(made.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_set_pubkey(made.get(), by);
    const auto* name = reinterpret_cast<const unsigned char*>("localhost");
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC, name, -1, -1, 0);
    X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
    must(X509_sign(made.get(), by, EVP_sha256()) > 0, "X509_sign");
    return made;
}

context server_context() {
    context made(SSL_CTX_new(TLS_server_method()));
    const key own(EVP_EC_gen("P-256"));
    const auto shown = self_signed(own.get());
    must(SSL_CTX_use_cert_and_key(made.get(), shown.get(), own.get(), nullptr, 1) == 1, "SSL_CTX_use_cert_and_key");
    SSL_CTX_set_session_cache_mode(made.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(made.get(), 1);
    return made;
}

session last_ticket;

int keep_ticket(SSL*, SSL_SESSION* given) {
    last_ticket.reset(given);
    return 1; // it is ours now
}

context client_context() {
    context made(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_session_cache_mode(made.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(made.get(), keep_ticket);
    return made;
}

/// Each end's output is the other's input.
void join(SSL* client, SSL* server) {
    BIO *one = nullptr, *other = nullptr;
    must(BIO_new_bio_pair(&one, 0, &other, 0) == 1, "BIO_new_bio_pair");
    SSL_set_bio(client, one, one);
    SSL_set_bio(server, other, other);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
}

void shake_hands(SSL_CTX* client_side, SSL_CTX* server_side, bool resume) {
    const connection client(SSL_new(client_side)), server(SSL_new(server_side));
    join(client.get(), server.get());
    if (resume)
        SSL_set_session(client.get(), last_ticket.get());
    for (int turns = 0; !SSL_is_init_finished(client.get()) || !SSL_is_init_finished(server.get()); ++turns) {
        must(turns < 10, "the handshake does not end");
        SSL_do_handshake(client.get());
        SSL_do_handshake(server.get());
    }
    char none = 0;
    SSL_read(client.get(), &none, 1); // takes the ticket
    must(SSL_session_reused(server.get()) == int(resume), "resumed or not, against what was asked");
    SSL_set_shutdown(client.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); // or its session is not to be resumed
    ERR_clear_error();
}

double per_second(bool resume, double duration) {
    const auto client = client_context(), server = server_context();
    shake_hands(client.get(), server.get(), false);
    std::size_t count = 0;
    const auto start = steady_clock::now();
    const auto passed = [start] { return std::chrono::duration<double>(steady_clock::now() - start).count(); };
    for (; passed() < duration; ++count)
        shake_hands(client.get(), server.get(), resume);
    return static_cast<double>(count) / passed();
}

} // namespace

int main(int count, char** arguments) {
    const double duration = count > 1 ? std::atof(arguments[1]) : 1.0;
    try {
        const double full = per_second(false, duration), resumed = per_second(true, duration);
        std::printf("{\"full\": %.0f, \"resumed\": %.0f}\n", full, resumed);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "tls_handshakes: %s\n", error.what());
        return 1;
    }
}
