#include "net/tls_files.hpp"

#include <utility>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

namespace capstan::net {
namespace {

struct bio_deleter {
    void operator()(BIO* each) const { BIO_free(each); }
};
using bio_ptr = std::unique_ptr<BIO, bio_deleter>;

bio_ptr open(const std::filesystem::path& file) { return bio_ptr(BIO_new_file(file.c_str(), "r")); }

/// Refuses to ask at the terminal.
int no_pass_phrase(char*, int, int, void*) { return -1; }

pem_content read_all(BIO* from) {
    pem_content content;
    auto* const all = from ? PEM_X509_INFO_read_bio(from, nullptr, no_pass_phrase, nullptr) : nullptr;
    for (int index = 0; index < sk_X509_INFO_num(all); ++index) {
        auto* const each = sk_X509_INFO_value(all, index);
        if (each->x509)
            content.certificates.emplace_back(std::exchange(each->x509, nullptr));
        if (each->crl)
            content.revocations.emplace_back(std::exchange(each->crl, nullptr));
    }
    sk_X509_INFO_pop_free(all, X509_INFO_free);
    return content;
}

} // namespace

std::string openssl_reason() {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason ? reason : "unknown error";
}

std::expected<server_identity, std::string> read_identity(const std::filesystem::path& certificate, const std::filesystem::path& key) {
    ERR_clear_error();
    server_identity made;
    made.chain.reset(sk_X509_new_null());
    const auto certificates = open(certificate);
    if (certificates)
        made.certificate.reset(PEM_read_bio_X509(certificates.get(), nullptr, no_pass_phrase, nullptr));
    if (!made.certificate)
        return std::unexpected(fmt::format("cannot use the certificate {}: {}", certificate.string(), openssl_reason()));
    while (auto* const next = PEM_read_bio_X509(certificates.get(), nullptr, no_pass_phrase, nullptr))
        sk_X509_push(made.chain.get(), next);
    ERR_clear_error(); // of the end of the file
    if (const auto keys = open(key))
        made.key.reset(PEM_read_bio_PrivateKey(keys.get(), nullptr, no_pass_phrase, nullptr));
    if (!made.key || X509_check_private_key(made.certificate.get(), made.key.get()) != 1)
        return std::unexpected(fmt::format("cannot use the private key {}: {}", key.string(), openssl_reason()));
    return made;
}

pem_content read_pem_file(const std::filesystem::path& file) { return read_all(open(file).get()); }

pem_content read_pem_text(const std::string& text) {
    return read_all(bio_ptr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))).get());
}

} // namespace capstan::net
