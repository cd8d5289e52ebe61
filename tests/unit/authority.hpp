#pragma once
// An authority of the test's own, and certificates of it, good and bad, as PEM files in a folder that goes with it.

#include <filesystem>
#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "support/temporary_folder.hpp"

namespace capstan::test {

struct certificate_files {
    std::filesystem::path certificate, key;
};

class authority {
public:
    authority() : ca_(make("authority " + folder_.path().string(), "critical,CA:TRUE", "", 3600, nullptr)) { write("ca", ca_); }

    std::filesystem::path file() const { return folder_ / "ca.pem"; }

    /// `names` as OpenSSL's configuration has them: "DNS:hub.local,IP:127.0.0.1". `life` in seconds from now, may be negative.
    certificate_files issue(const std::string& stem, const std::string& names, long life = 3600) {
        return write(stem, make(stem, "CA:FALSE", names, life, &ca_));
    }
    certificate_files self_signed(const std::string& stem, const std::string& names) {
        return write(stem, make(stem, "CA:FALSE", names, 3600, nullptr));
    }
    /// No PEM at all.
    std::filesystem::path rubbish() { return folder_.write("rubbish.pem", "rubbish\n"); }

private:
    struct signed_key {
        std::shared_ptr<X509> certificate;
        std::shared_ptr<EVP_PKEY> key;
    };

    static void add(X509* to, const signed_key* issuer, int what, const std::string& value) {
        if (value.empty())
            return;
        X509V3_CTX context;
        X509V3_set_ctx(&context, issuer ? issuer->certificate.get() : to, to, nullptr, nullptr, 0);
        X509_EXTENSION* const made = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
        X509_add_ext(to, made, -1);
        X509_EXTENSION_free(made);
    }

    signed_key make(const std::string& common_name, const std::string& constraints, const std::string& names, long life,
                    const signed_key* issuer) {
        const std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
        const std::shared_ptr<X509> made(X509_new(), X509_free);
        X509_set_version(made.get(), X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial_);
        X509_gmtime_adj(X509_getm_notBefore(made.get()), -7200);
        X509_gmtime_adj(X509_getm_notAfter(made.get()), life);
        const auto* const name = reinterpret_cast<const unsigned char*>(common_name.c_str());
        X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC, name, -1, -1, 0);
        X509* const from = issuer ? issuer->certificate.get() : made.get();
        X509_set_issuer_name(made.get(), X509_get_subject_name(from));
        X509_set_pubkey(made.get(), key.get());
        add(made.get(), issuer, NID_basic_constraints, constraints);
        add(made.get(), issuer, NID_subject_alt_name, names);
        X509_sign(made.get(), issuer ? issuer->key.get() : key.get(), EVP_sha256());
        return {made, key};
    }

    certificate_files write(const std::string& stem, const signed_key& what) {
        const certificate_files files{folder_ / (stem + ".pem"), folder_ / (stem + "-key.pem")};
        std::FILE* to = std::fopen(files.certificate.c_str(), "w");
        PEM_write_X509(to, what.certificate.get());
        std::fclose(to);
        to = std::fopen(files.key.c_str(), "w");
        PEM_write_PrivateKey(to, what.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        std::fclose(to);
        return files;
    }

    temporary_folder folder_;
    int serial_ = 0;
    signed_key ca_;
};

} // namespace capstan::test
