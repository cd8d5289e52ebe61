#include "load/driver/socket.hpp"

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

namespace capstan::load {

endpoint look_up(const std::string& host, std::uint16_t port) {
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); error != 0)
        throw std::runtime_error(host + ": " + gai_strerror(error));
    endpoint result;
    result.size = found->ai_addrlen;
    std::memcpy(&result.address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return result;
}

// --- TLS

tls_client::tls_client(std::string server_name, const std::string& ca, bool resume)
    : context_(SSL_CTX_new(TLS_client_method())), server_name_(std::move(server_name)), verify_(!ca.empty()), resume_(resume) {
    SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context_, resume ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF);
    SSL_CTX_set_app_data(context_, this);
    SSL_CTX_sess_set_new_cb(context_, &tls_client::keep);
    if (!verify_)
        return;
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    if (SSL_CTX_load_verify_locations(context_, ca.c_str(), nullptr) != 1)
        throw std::runtime_error(ca + ": no certificate can be read from it");
}

tls_client::~tls_client() {
    SSL_SESSION_free(session_);
    SSL_CTX_free(context_);
}

/// Gives back 1: the session is kept.
int tls_client::keep(SSL* ssl, SSL_SESSION* session) {
    auto* self = static_cast<tls_client*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    SSL_SESSION_free(self->session_);
    self->session_ = session;
    return 1;
}

SSL* tls_client::make(int socket) const {
    SSL* ssl = SSL_new(context_);
    if (!ssl || SSL_set_fd(ssl, socket) != 1)
        throw std::bad_alloc();
    in6_addr ignored{};
    const bool is_address =
        inet_pton(AF_INET, server_name_.c_str(), &ignored) == 1 || inet_pton(AF_INET6, server_name_.c_str(), &ignored) == 1;
    if (!is_address)
        SSL_set_tlsext_host_name(ssl, server_name_.c_str());
    if (verify_)
        is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server_name_.c_str()) : SSL_set1_host(ssl, server_name_.c_str());
    if (resume_ && session_)
        SSL_set_session(ssl, session_);
    SSL_set_connect_state(ssl);
    return ssl;
}

// --- the socket

std::string client_socket::connect(const endpoint& to, unsigned source, const tls_client* tls) {
    close();
    tls_error_.clear(), error_ = 0;
    descriptor_ = ::socket(to.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor_ < 0)
        return std::string("socket: ") + std::strerror(errno);
    const int on = 1;
    setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (source > 0) {
        sockaddr_in from{};
        from.sin_family = AF_INET;
        from.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + source);
        setsockopt(descriptor_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on); // ports then are unique per pair of addresses
        if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0)
            return std::string("bind: ") + std::strerror(errno);
    }
    if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&to.address), to.size) != 0 && errno != EINPROGRESS)
        return std::string("connect: ") + std::strerror(errno);
    if (tls)
        ssl_ = tls->make(descriptor_);
    return {};
}

void client_socket::close() {
    if (ssl_ && tls_error_.empty() && established()) {
        ERR_clear_error();
        SSL_shutdown(ssl_); // a session that did not end well is not resumed
    }
    SSL_free(std::exchange(ssl_, nullptr));
    if (descriptor_ >= 0)
        ::close(descriptor_);
    descriptor_ = -1;
}

io_result client_socket::read(std::span<std::uint8_t> into) {
    if (!ssl_) {
        const auto count = ::recv(descriptor_, into.data(), into.size(), 0);
        if (count > 0)
            return {io_state::moved, static_cast<std::size_t>(count)};
        error_ = count == 0 ? 0 : errno;
        return {count < 0 && (errno == EAGAIN || errno == EINTR) ? io_state::would_block : io_state::closed};
    }
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_, into.data(), into.size(), &count);
    return result == 1 ? io_result{io_state::moved, count} : stopped_by(result);
}

io_result client_socket::write(amqp::bytes_view from) {
    if (!ssl_) {
        const auto count = ::send(descriptor_, from.data(), from.size(), MSG_NOSIGNAL);
        if (count >= 0)
            return {io_state::moved, static_cast<std::size_t>(count)};
        error_ = errno;
        return {errno == EAGAIN || errno == EINTR || errno == ENOTCONN ? io_state::would_block : io_state::closed};
    }
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_write_ex(ssl_, from.data(), from.size(), &count);
    return result == 1 ? io_result{io_state::moved, count} : stopped_by(result);
}

io_result client_socket::stopped_by(int result) {
    const int system_error = errno;
    const int why = SSL_get_error(ssl_, result);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE || (why == SSL_ERROR_SYSCALL && system_error == ENOTCONN))
        return {io_state::would_block};
    error_ = why == SSL_ERROR_SYSCALL ? system_error : 0;
    tls_error_ = "TLS: closed";
    if (const auto code = ERR_peek_last_error(); code != 0)
        tls_error_ = std::string("TLS: ") + (ERR_reason_error_string(code) ? ERR_reason_error_string(code) : "failed");
    return {io_state::closed};
}

std::string client_socket::problem() const {
    if (error_ != 0)
        return std::strerror(error_);
    return tls_error_.empty() ? "the server has closed the connection" : tls_error_;
}

} // namespace capstan::load
