#include "net/tls_stream.hpp"

#include <cerrno>
#include <new>

#include <boost/asio/ssl/error.hpp>
#include <fmt/format.h>
#include <openssl/err.h>

namespace capstan::net {

namespace asio = boost::asio;

namespace {

/// SSL_get_error looks at both, and would take what others left there for its own.
void forget_errors() {
    ERR_clear_error();
    errno = 0;
}

std::string thumbprint(const X509& certificate, const EVP_MD* algorithm) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (X509_digest(&certificate, algorithm, digest, &length) != 1)
        return {};
    std::string text;
    for (const unsigned char byte : std::span(digest, length))
        text += fmt::format("{:02X}", byte);
    return text;
}

/// The last one, as the most specific, in UTF-8.
std::string common_name(const X509& certificate) {
    const auto* subject = X509_get_subject_name(&certificate);
    int at = -1;
    for (int next = at; (next = X509_NAME_get_index_by_NID(subject, NID_commonName, next)) >= 0;)
        at = next;
    if (at < 0)
        return {};
    unsigned char* text = nullptr;
    const int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    std::string name(reinterpret_cast<const char*>(text), length > 0 ? static_cast<std::size_t>(length) : 0);
    OPENSSL_free(text);
    return name;
}

std::shared_ptr<const std::vector<bytes>> chain_of(const SSL& connection) {
    const auto der_of = [](const X509& certificate) {
        bytes der(static_cast<std::size_t>(std::max(0, i2d_X509(&certificate, nullptr))));
        unsigned char* at = der.data();
        i2d_X509(&certificate, &at);
        return der;
    };
    std::vector<bytes> chain{der_of(*SSL_get0_peer_certificate(&connection))};
    const auto* const others = SSL_get_peer_cert_chain(&connection); // the client's own too
    for (int index = 0; index < sk_X509_num(others); ++index)
        chain.push_back(der_of(*sk_X509_value(others, index)));
    return std::make_shared<const std::vector<bytes>>(std::move(chain));
}

} // namespace

tls_stream::tls_stream(tcp_socket socket, const tls_context& context)
    : socket_stream(std::move(socket)), context_(context.number()), ssl_(SSL_new(context.native())) {
    if (!ssl_ || SSL_set_fd(ssl_, socket_.native_handle()) != 1) {
        SSL_free(ssl_);
        throw std::bad_alloc();
    }
    SSL_set_accept_state(ssl_);
}

io_result tls_stream::read_some(std::span<std::uint8_t> into) {
    forget_errors();
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_, into.data(), into.size(), &count);
    return result == 1 ? io_result{io_state::moved, count} : stopped_by(result);
}

io_result tls_stream::write_some(bytes_view from) {
    forget_errors();
    std::size_t count = 0;
    const int result = SSL_write_ex(ssl_, from.data(), from.size(), &count);
    return result == 1 ? io_result{io_state::moved, count} : stopped_by(result);
}

io_result tls_stream::stopped_by(int result) {
    const int system_error = errno;
    const auto failed = [this](int code, const auto& category) {
        broken_ = true;
        return io_result{io_state::failed, 0, {code, category}};
    };
    switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ: return {io_state::wait_readable};
    case SSL_ERROR_WANT_WRITE: return {io_state::wait_writable};
    case SSL_ERROR_ZERO_RETURN: return {io_state::closed, 0, asio::error::eof};
    case SSL_ERROR_SYSCALL:
        if (system_error != 0)
            return failed(system_error, boost::system::system_category());
        broken_ = true;
        return {io_state::closed, 0, asio::error::eof};
    default: return failed(static_cast<int>(ERR_peek_last_error()), asio::error::get_ssl_category());
    }
}

std::optional<client_certificate> tls_stream::peer_certificate() const {
    const X509* const certificate = SSL_get0_peer_certificate(ssl_);
    if (!certificate)
        return std::nullopt;
    const bool trusted = SSL_get_verify_result(ssl_) == X509_V_OK;
    return client_certificate{.sha1 = thumbprint(*certificate, EVP_sha1()),
                              .sha256 = thumbprint(*certificate, EVP_sha256()),
                              .common_name = common_name(*certificate),
                              .trusted = trusted,
                              .judged_by = context_,
                              .chain = trusted ? chain_of(*ssl_) : nullptr};
}

void tls_stream::finish() {
    forget_errors();
    if (!broken_ && established())
        SSL_shutdown(ssl_); // close_notify; the peer's own is not waited for
    boost::system::error_code ignored;
    socket_.shutdown(tcp_socket::shutdown_send, ignored);
}

} // namespace capstan::net
