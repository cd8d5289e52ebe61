#pragma once
#include "net/stream.hpp"
#include "net/tls_context.hpp"

namespace capstan::net {

/// The server's side of TLS. OpenSSL works on the socket itself: no buffer pair in between, and none at all while it is idle
/// (asio::ssl::stream keeps about 34 KB for each connection).
class tls_stream final : public socket_stream {
public:
    /// Throws std::bad_alloc.
    tls_stream(tcp_socket socket, const tls_context& context);
    ~tls_stream() override { SSL_free(ssl_); }

    io_result read_some(std::span<std::uint8_t> into) override;
    io_result write_some(bytes_view from) override;
    bool established() const override { return SSL_is_init_finished(ssl_) == 1; }
    std::optional<client_certificate> peer_certificate() const override;
    void finish() override;

private:
    io_result stopped_by(int result);

    const std::uint64_t context_; ///< its number
    SSL* ssl_;
    bool broken_ = false; ///< a fatal error: OpenSSL must not be asked for a farewell then
};

} // namespace capstan::net
