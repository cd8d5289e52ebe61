#pragma once
// Non-blocking client sockets, with or without TLS. OpenSSL works on the socket itself and gives its buffers back when idle.

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <openssl/ssl.h>

#include <capstan/amqp/types.hpp>

namespace capstan::load {

/// Where to connect to; looked up once.
struct endpoint {
    sockaddr_storage address{};
    socklen_t size = 0;
};
/// Throws when there is no such host.
endpoint look_up(const std::string& host, std::uint16_t port);

/// Of one thread's connections.
class tls_client {
public:
    /// An empty `ca`: the server's certificate is not looked at. Throws when it cannot be read.
    tls_client(std::string server_name, const std::string& ca, bool resume);
    ~tls_client();
    tls_client(const tls_client&) = delete;

    SSL* make(int socket) const;

private:
    static int keep(SSL* ssl, SSL_SESSION* session);

    SSL_CTX* context_;
    std::string server_name_;
    bool verify_, resume_;
    SSL_SESSION* session_ = nullptr; ///< the newest, which the next connection offers
};

enum class io_state : std::uint8_t { moved, would_block, closed };
struct io_result {
    io_state state;
    std::size_t count = 0;
};

class client_socket {
public:
    client_socket() = default;
    ~client_socket() { close(); }
    client_socket(client_socket&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)), ssl_(std::exchange(other.ssl_, nullptr)) {}
    client_socket(const client_socket&) = delete;

    /// Begins to connect. `source`: the last number of 127.0.0.N to connect from; 0: any. Says what is wrong, or nothing.
    std::string connect(const endpoint& to, unsigned source, const tls_client* tls);
    void close();

    int descriptor() const { return descriptor_; }
    bool open() const { return descriptor_ >= 0; }
    bool established() const { return !ssl_ || SSL_is_init_finished(ssl_) == 1; }
    bool resumed() const { return ssl_ && SSL_session_reused(ssl_) == 1; }
    bool encrypted() const { return ssl_ != nullptr; }

    io_result read(std::span<std::uint8_t> into);
    io_result write(amqp::bytes_view from);
    /// Of the last that was closed.
    std::string problem() const;

private:
    io_result stopped_by(int result);

    int descriptor_ = -1;
    SSL* ssl_ = nullptr;
    int error_ = 0;
    std::string tls_error_;
};

} // namespace capstan::load
