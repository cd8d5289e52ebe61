#pragma once
// A connected pair of sockets on this machine, and a certificate for one end of it.

#include <boost/asio.hpp>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <poll.h>

#include "net/stream.hpp"
#include "support/temporary_folder.hpp"

namespace capstan::test {

namespace asio = boost::asio;

struct loopback {
    asio::io_context context;
    net::tcp_socket near{context}; ///< for the stream under test
    asio::ip::tcp::socket far{context};

    loopback() {
        asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
        far.connect(acceptor.local_endpoint());
        acceptor.accept(near);
    }
};

/// Until `socket` can be read from (POLLIN) or written to (POLLOUT); for ten seconds at most.
inline void wait_for(net::tcp_socket& socket, short what) {
    pollfd one{.fd = socket.native_handle(), .events = what, .revents = 0};
    if (::poll(&one, 1, 10'000) != 1)
        throw std::runtime_error("nothing comes");
}

/// A self-signed certificate: server.pem and key.pem.
struct certificate {
    temporary_folder folder;
    std::filesystem::path file = folder / "server.pem", key_file = folder / "key.pem";

    certificate() {
        EVP_PKEY* const key = EVP_EC_gen("P-256");
        X509* const made = X509_new();
        X509_set_version(made, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
        X509_gmtime_adj(X509_getm_notBefore(made), -60);
        X509_gmtime_adj(X509_getm_notAfter(made), 3600);
        const auto* const name = reinterpret_cast<const unsigned char*>("localhost");
        X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC, name, -1, -1, 0);
        X509_set_issuer_name(made, X509_get_subject_name(made));
        X509_set_pubkey(made, key);
        X509_sign(made, key, EVP_sha256());
        std::FILE* to = std::fopen(file.c_str(), "w");
        PEM_write_X509(to, made);
        std::fclose(to);
        to = std::fopen(key_file.c_str(), "w");
        PEM_write_PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr);
        std::fclose(to);
        X509_free(made);
        EVP_PKEY_free(key);
    }
};

} // namespace capstan::test
