#include "auth/certificate.hpp"

#include <ctime>
#include <memory>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "auth/base64.hpp"

namespace capstan::auth {
namespace {

struct openssl_deleter {
    void operator()(X509* each) const { X509_free(each); }
    void operator()(BIO* each) const { BIO_free(each); }
};
using x509_ptr = std::unique_ptr<X509, openssl_deleter>;
using bio_ptr = std::unique_ptr<BIO, openssl_deleter>;

constexpr std::string_view pem_begins = "-----BEGIN";

int no_pass_phrase(char*, int, int, void*) { return -1; }

std::string text_in(BIO& memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(&memory, &data);
    return {data, static_cast<std::size_t>(size)};
}

x509_ptr read_pem(std::string_view text) {
    const bio_ptr from(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    return x509_ptr(PEM_read_bio_X509(from.get(), nullptr, no_pass_phrase, nullptr));
}

x509_ptr read(std::string_view text) {
    if (text.find(pem_begins) != text.npos)
        return read_pem(text);
    std::string joined; // base64 may be in lines
    for (const char c : text)
        if (c != '\n' && c != '\r' && c != ' ')
            joined += c;
    const auto decoded = from_base64(joined);
    if (!decoded)
        return nullptr;
    const std::string_view octets(reinterpret_cast<const char*>(decoded->data()), decoded->size());
    if (octets.find(pem_begins) != octets.npos)
        return read_pem(octets);
    const unsigned char* at = decoded->data();
    return x509_ptr(d2i_X509(nullptr, &at, static_cast<long>(decoded->size())));
}

wall_time time_of(const ASN1_TIME* time) {
    std::tm parts{};
    return ASN1_TIME_to_tm(time, &parts) == 1 ? wall_time(std::chrono::seconds(timegm(&parts))) : wall_time();
}

std::string subject_of(const X509& certificate) {
    const bio_ptr into(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(into.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_RFC2253);
    return text_in(*into);
}

std::string thumbprint_of(const X509& certificate) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    X509_digest(&certificate, EVP_sha1(), digest, &length);
    std::string text;
    for (unsigned index = 0; index < length; ++index)
        text += fmt::format("{:02X}", digest[index]);
    return text;
}

std::string common_name_of(const X509& certificate) {
    const auto* const subject = X509_get_subject_name(&certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0)
        return {};
    const auto* const text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

} // namespace

std::expected<certificate_facts, std::string> inspect_certificate(std::string_view text) {
    const auto certificate = read(text);
    ERR_clear_error();
    if (!certificate)
        return std::unexpected("This is no certificate: PEM, or the base64 text of PEM or DER, is.");
    const bio_ptr into(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(into.get(), certificate.get());
    certificate_facts facts{.pem = text_in(*into), .subject = subject_of(*certificate), .thumbprint = thumbprint_of(*certificate)};
    facts.valid_from = time_of(X509_get0_notBefore(certificate.get()));
    facts.valid_until = time_of(X509_get0_notAfter(certificate.get()));
    facts.authority = X509_check_ca(certificate.get()) > 0;
    return facts;
}

std::expected<void, std::string> check_proof(const std::string& authority_pem, std::string_view proof, std::string_view code,
                                             wall_time now) {
    const auto authority = read_pem(authority_pem), shown = read(proof);
    ERR_clear_error();
    if (!authority || !shown)
        return std::unexpected("The proof is no certificate.");
    if (common_name_of(*shown) != code)
        return std::unexpected("The common name of the proof is not the verification code.");
    const bool issued =
        X509_check_issued(authority.get(), shown.get()) == X509_V_OK && X509_verify(shown.get(), X509_get0_pubkey(authority.get())) == 1;
    ERR_clear_error();
    if (!issued)
        return std::unexpected("The proof is not signed by the certificate that is to be verified.");
    if (now < time_of(X509_get0_notBefore(shown.get())) || now > time_of(X509_get0_notAfter(shown.get())))
        return std::unexpected("The proof is not valid now.");
    return {};
}

} // namespace capstan::auth
