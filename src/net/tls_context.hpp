#pragma once
#include <expected>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <openssl/ssl.h>

#include "base/client_certificate.hpp"

namespace capstan::net {

/// Whatever comes is taken, also none: who may do what with which certificate is decided above.
struct client_certificates {
    bool asked = false;
    std::optional<std::filesystem::path> authorities{}; ///< PEM: those whose signature makes a certificate a trusted one
    std::optional<std::filesystem::path> revoked{};     ///< PEM: their lists of certificates that are not trusted any more
    std::string registered{};                           ///< PEM text: further authorities, that are not in a file
};

/// PEM files; `certificate` may hold a chain, the server's own first.
struct certificate_pair {
    std::filesystem::path certificate, key;
};

struct tls_parts;

/// What all server connections of a kind have in common: certificate, key, versions, ciphers (contract/semantics.md, 5.4).
/// Immutable and thread-safe. To change the certificate, make a new one: connections that stand keep what they were made with.
class tls_context {
public:
    /// `others`: a client that asks for a name (SNI) which the first certificate does not have, and one of these has, is shown that
    /// one. The error names the file.
    static std::expected<std::shared_ptr<const tls_context>, std::string> for_server(const certificate_pair& first,
                                                                                     const client_certificates& clients = {},
                                                                                     const std::vector<certificate_pair>& others = {});
    /// The same with other registered authorities. No file is read again.
    std::shared_ptr<const tls_context> with_registered(const std::string& pem) const;

    /// Whether a client's certificate that a connection has been shown, then or by another context, is trusted by this one.
    bool trusts(const client_certificate& shown) const;
    /// No other has it; never 0.
    std::uint64_t number() const { return number_; }

    tls_context(std::shared_ptr<const tls_parts> parts, const std::string& registered);
    ~tls_context() { SSL_CTX_free(context_); }
    tls_context(const tls_context&) = delete;
    tls_context& operator=(const tls_context&) = delete;

    /// Has a counter of its own: what is made from it may outlive this object.
    SSL_CTX* native() const { return context_; }

private:
    const std::shared_ptr<const tls_parts> parts_;
    const std::uint64_t number_;
    SSL_CTX* const context_;
};

/// The context that new connections are made with. It can be replaced while the server runs: connections that stand keep theirs. The
/// sessions that they leave cannot be resumed under the next one, whose tickets have another key: every certificate is looked at anew.
/// Thread-safe.
class current_tls {
public:
    explicit current_tls(std::shared_ptr<const tls_context> first) : context_(std::move(first)) {}

    std::shared_ptr<const tls_context> get() const {
        const std::scoped_lock lock(mutex_);
        return context_;
    }
    void replace(std::shared_ptr<const tls_context> next) {
        const std::scoped_lock lock(mutex_);
        context_.swap(next); // the old one goes after the lock
    }

private:
    mutable std::mutex mutex_; ///< taken when connections come, not while bytes move
    std::shared_ptr<const tls_context> context_;
};

} // namespace capstan::net
