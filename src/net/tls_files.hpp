#pragma once
// What TLS is made of, read from PEM files once: servers' certificates with their keys, authorities, revocation lists.

#include <expected>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <openssl/evp.h>
#include <openssl/x509.h>

namespace capstan::net {

struct openssl_deleter {
    void operator()(X509* each) const { X509_free(each); }
    void operator()(X509_CRL* each) const { X509_CRL_free(each); }
    void operator()(EVP_PKEY* each) const { EVP_PKEY_free(each); }
    void operator()(STACK_OF(X509) * each) const { sk_X509_pop_free(each, X509_free); }
};
using certificate_ptr = std::unique_ptr<X509, openssl_deleter>;
using revocations_ptr = std::unique_ptr<X509_CRL, openssl_deleter>;
using private_key_ptr = std::unique_ptr<EVP_PKEY, openssl_deleter>;
using chain_ptr = std::unique_ptr<STACK_OF(X509), openssl_deleter>;

/// A server's certificate, its key, and those between it and a root.
struct server_identity {
    certificate_ptr certificate;
    private_key_ptr key;
    chain_ptr chain;
};

/// PEM files; the certificate's own comes first in its file. The error names the file.
std::expected<server_identity, std::string> read_identity(const std::filesystem::path& certificate, const std::filesystem::path& key);

struct pem_content {
    std::vector<certificate_ptr> certificates;
    std::vector<revocations_ptr> revocations;
};

/// All that a PEM file, or text, holds of the two kinds; empty when it cannot be read.
pem_content read_pem_file(const std::filesystem::path& file);
pem_content read_pem_text(const std::string& text);

/// Of the last failure of OpenSSL's on this thread, in its words.
std::string openssl_reason();

} // namespace capstan::net
