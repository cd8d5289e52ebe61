#pragma once
// Keys and certificates, made and read with OpenSSL.

#include <expected>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/clock.hpp"

namespace capstan::server {

template<auto Free> struct freed_by {
    template<class T> void operator()(T* object) const { Free(object); }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;

/// Failures of OpenSSL itself (no memory, no randomness) are thrown as std::runtime_error with its own words.
key_ptr make_key(); ///< EC P-256

struct issuer {
    const X509& certificate;
    EVP_PKEY& key;
};

/// A self-signed CA for 10 years. Each has a name of its own, for two of one name in a trust store would hide each other.
x509_ptr make_ca(EVP_PKEY& key, wall_time now);

/// A server's certificate with these names (DNS names or IP literals), for 820 days: 825 is the most that clients take (Apple's rule).
x509_ptr make_server_certificate(EVP_PKEY& key, const issuer& ca, const std::vector<std::string>& names, wall_time now);

std::string to_pem(const X509& certificate);
std::string to_pem(EVP_PKEY& key);

/// The first certificate or the private key of a PEM file. The error names the file. A key with a pass phrase is refused.
std::expected<x509_ptr, std::string> read_certificate(const std::filesystem::path& file);
std::expected<key_ptr, std::string> read_key(const std::filesystem::path& file);

bool has_name(const X509& certificate, const std::string& name); ///< a DNS name or an IP literal
bool is_issued_by(const X509& certificate, const X509& ca);      ///< name and signature
wall_time valid_from(const X509& certificate);
wall_time valid_until(const X509& certificate);

} // namespace capstan::server
