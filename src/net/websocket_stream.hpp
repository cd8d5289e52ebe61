#pragma once
#include <memory>

#include "net/stream.hpp"
#include "net/websocket_frames.hpp"

namespace capstan::net {

/// The value of Sec-WebSocket-Accept that answers a client's Sec-WebSocket-Key (RFC 6455, section 4.2.2).
std::string websocket_accept(std::string_view key);

/// The server's side of a WebSocket over another stream, once HTTP has agreed on it: the payloads of binary messages, one after the
/// other, are the bytes; each write is a message. Frames are taken apart and made where the bytes lie, so that idle it holds no
/// buffer, as little as the stream below it. (Boost.Beast's keeps operations with their buffers pending, and needs a TLS stream
/// that does: 75 KiB for each idle connection, measured, where this takes 17 with AMQP on top.)
class websocket_stream final : public stream {
public:
    /// `answer`: the HTTP response that begins it; `early`: what the client has sent behind its request.
    websocket_stream(std::unique_ptr<stream> under, std::string_view answer, bytes early);

    io_result read_some(std::span<std::uint8_t> into) override;
    io_result write_some(bytes_view from) override;
    bool established() const override { return under_->established(); }
    std::optional<client_certificate> peer_certificate() const override { return under_->peer_certificate(); }
    /// Says close, or answers that of the peer. When both have been said, and after a fault, it finishes the stream below; reading
    /// sees to that if it cannot be done without waiting.
    void finish() override;
    tcp_socket& socket() override { return under_->socket(); }

    /// Bytes of one binary message: with its header one TLS record.
    static constexpr std::size_t largest_message = 16 * 1024 - longest_frame_header;

private:
    /// Reads of one call that bring no data, only control frames and empty ones; then it is the others' turn.
    static constexpr int reads_without_data = 16;

    io_result read_under(std::span<std::uint8_t> into);
    io_result answer_to_control_frames();
    io_result flush();
    void finish_under();
    websocket_close close_code() const;

    std::unique_ptr<stream> under_;
    websocket_decoder decoder_;
    bytes early_;
    bytes unsent_;            ///< frames that the stream below has not taken: at most one of data, and answers to control frames
    std::size_t claimed_ = 0; ///< bytes of the owner's that the frame of data stands for
    bool owing_ = true;       ///< `unsent_` holds an answer: nothing more is read until it is on its way
    bool close_said_ = false, under_finished_ = false;
};

} // namespace capstan::net
