#include "server/x509.hpp"

#include <ctime>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "auth/random.hpp"
#include "server/files.hpp"
#include "server/host_name.hpp"

namespace capstan::server {
namespace {

using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
using namespace std::chrono_literals;

constexpr auto ca_life = 24h * 3652;
constexpr auto server_life = 24h * 820;
constexpr auto backdated = 24h; // for clients whose clocks are behind

std::string openssl_says() {
    const unsigned long number = ERR_get_error();
    ERR_clear_error();
    const char* reason = ERR_reason_error_string(number);
    return reason != nullptr ? reason : "unknown error";
}

void must(bool succeeded, const char* what) {
    if (!succeeded)
        throw std::runtime_error(fmt::format("OpenSSL cannot {}: {}", what, openssl_says()));
}

X509* writable(const X509& certificate) { return const_cast<X509*>(&certificate); } // for functions of OpenSSL that forgot the const

std::time_t seconds(wall_time time) { return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count(); }

wall_time wall_time_of(const ASN1_TIME* time) {
    std::tm parts{};
    must(ASN1_TIME_to_tm(time, &parts) == 1, "read a certificate's time");
    return wall_time(std::chrono::seconds(timegm(&parts)));
}

/// What CA and server certificates have in common. The serial number has 127 random bits (RFC 5280, section 4.1.2.2).
x509_ptr start_certificate(EVP_PKEY& key, const std::string& common_name, wall_time from, wall_time until) {
    x509_ptr certificate(X509_new());
    must(certificate != nullptr, "make a certificate");
    bytes serial = auth::random_bytes(16);
    serial[0] = static_cast<std::uint8_t>((serial[0] & 0x7f) | 0x40);
    const std::unique_ptr<BIGNUM, freed_by<BN_free>> number(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
    must(number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get())) != nullptr, "number a certificate");

    X509_NAME* name = X509_get_subject_name(certificate.get());
    must(X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
             ASN1_TIME_set(X509_getm_notBefore(certificate.get()), seconds(from)) != nullptr &&
             ASN1_TIME_set(X509_getm_notAfter(certificate.get()), seconds(until)) != nullptr &&
             X509_set_pubkey(certificate.get(), &key) == 1 &&
             X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, as_bytes("Capstan").data(), -1, -1, 0) == 1 &&
             X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, as_bytes(common_name).data(), static_cast<int>(common_name.size()), -1,
                                        0) == 1,
         "fill a certificate");
    return certificate;
}

/// `issuer_certificate` is the certificate itself for a CA.
void add_extension(X509& certificate, const X509& issuer_certificate, int id, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, writable(issuer_certificate), &certificate, nullptr, nullptr, 0);
    const extension_ptr extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
    must(extension && X509_add_ext(&certificate, extension.get(), -1) == 1, "add an extension to a certificate");
}

std::string alternative_names(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names)
        text += fmt::format("{}{}:{}", text.empty() ? "" : ",", is_ip_literal(name) ? "IP" : "DNS", name);
    return text;
}

/// A common name has at most 64 characters (RFC 5280, appendix A.1, ub-common-name); clients look at the alternative names.
std::string common_name_of(const std::vector<std::string>& names) {
    return names.empty() || names.front().size() > 64 ? "capstan" : names.front();
}

std::string pem_text(BIO& memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(&memory, &data);
    return {data, static_cast<std::size_t>(size)};
}

/// Refuses to ask at the terminal.
int no_pass_phrase(char*, int, int, void*) { return -1; }

} // namespace

key_ptr make_key() {
    key_ptr key(EVP_EC_gen("P-256"));
    must(key != nullptr, "make a key");
    return key;
}

x509_ptr make_ca(EVP_PKEY& key, wall_time now) {
    x509_ptr ca = start_certificate(key, "Capstan CA " + auth::random_hex(4), now - backdated, now + ca_life);
    must(X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get())) == 1, "name a certificate's issuer");
    add_extension(*ca, *ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
    add_extension(*ca, *ca, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(*ca, *ca, NID_subject_key_identifier, "hash");
    must(X509_sign(ca.get(), &key, EVP_sha256()) > 0, "sign a certificate");
    return ca;
}

x509_ptr make_server_certificate(EVP_PKEY& key, const issuer& ca, const std::vector<std::string>& names, wall_time now) {
    const wall_time until = std::min<wall_time>(now + server_life, valid_until(ca.certificate));
    x509_ptr certificate = start_certificate(key, common_name_of(names), now - backdated, until);
    must(X509_set_issuer_name(certificate.get(), X509_get_subject_name(&ca.certificate)) == 1, "name a certificate's issuer");
    add_extension(*certificate, ca.certificate, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(*certificate, ca.certificate, NID_key_usage, "critical,digitalSignature");
    add_extension(*certificate, ca.certificate, NID_ext_key_usage, "serverAuth");
    add_extension(*certificate, ca.certificate, NID_subject_key_identifier, "hash");
    add_extension(*certificate, ca.certificate, NID_authority_key_identifier, "keyid:always");
    add_extension(*certificate, ca.certificate, NID_subject_alt_name, alternative_names(names));
    must(X509_sign(certificate.get(), &ca.key, EVP_sha256()) > 0, "sign a certificate");
    return certificate;
}

std::string to_pem(const X509& certificate) {
    const bio_ptr memory(BIO_new(BIO_s_mem()));
    must(memory && PEM_write_bio_X509(memory.get(), writable(certificate)) == 1, "write a certificate");
    return pem_text(*memory);
}

std::string to_pem(EVP_PKEY& key) {
    const bio_ptr memory(BIO_new(BIO_s_mem()));
    must(memory && PEM_write_bio_PrivateKey(memory.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) == 1, "write a key");
    return pem_text(*memory);
}

std::expected<x509_ptr, std::string> read_certificate(const std::filesystem::path& file) {
    const auto content = read_whole_file(file);
    if (!content)
        return std::unexpected(content.error());
    const bio_ptr memory(BIO_new_mem_buf(content->data(), static_cast<int>(content->size())));
    x509_ptr certificate(PEM_read_bio_X509(memory.get(), nullptr, no_pass_phrase, nullptr));
    if (!certificate)
        return std::unexpected(fmt::format("{} is not a certificate in PEM form: {}", file.string(), openssl_says()));
    return certificate;
}

std::expected<key_ptr, std::string> read_key(const std::filesystem::path& file) {
    const auto content = read_whole_file(file);
    if (!content)
        return std::unexpected(content.error());
    const bio_ptr memory(BIO_new_mem_buf(content->data(), static_cast<int>(content->size())));
    key_ptr key(PEM_read_bio_PrivateKey(memory.get(), nullptr, no_pass_phrase, nullptr));
    if (!key)
        return std::unexpected(fmt::format("{} is not a private key in PEM form without a pass phrase: {}", file.string(), openssl_says()));
    return key;
}

bool has_name(const X509& certificate, const std::string& name) {
    if (is_ip_literal(name))
        return X509_check_ip_asc(writable(certificate), name.c_str(), 0) == 1;
    return X509_check_host(writable(certificate), name.data(), name.size(), 0, nullptr) == 1;
}

bool is_issued_by(const X509& certificate, const X509& ca) {
    const bool issued = X509_check_issued(writable(ca), writable(certificate)) == X509_V_OK &&
                        X509_verify(writable(certificate), X509_get0_pubkey(&ca)) == 1;
    ERR_clear_error();
    return issued;
}

wall_time valid_from(const X509& certificate) { return wall_time_of(X509_get0_notBefore(&certificate)); }
wall_time valid_until(const X509& certificate) { return wall_time_of(X509_get0_notAfter(&certificate)); }

} // namespace capstan::server
