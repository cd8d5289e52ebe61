#pragma once
// WebSocket framing (RFC 6455, section 5) as a server reads and writes it. No socket: bytes in, bytes out.

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include <boost/system/error_code.hpp>

#include "base/bytes.hpp"

namespace capstan::net {

enum class websocket_opcode : std::uint8_t { continuation = 0x0, text = 0x1, binary = 0x2, close = 0x8, ping = 0x9, pong = 0xA };

/// Section 7.4.1.
enum class websocket_close : std::uint16_t { none = 0, normal = 1000, protocol_error = 1002, unsupported_data = 1003 };

/// What a client can do wrong.
enum class websocket_fault : std::uint8_t {
    none,
    not_masked,
    reserved_bits,
    unknown_opcode,
    bad_length,
    bad_control_frame,
    bad_continuation,
    bad_close,
    text_message,
};
boost::system::error_code make_error_code(websocket_fault fault);

/// Takes the frames of a client apart. Data is not gathered to messages, so that no message is too large: what binary messages
/// carry is one stream of bytes. Extensions are never agreed on.
class websocket_decoder {
public:
    /// Decodes in place: the data moves to the front of `input`. Gives back how much of it there is. What follows a close or a fault
    /// is dropped, in this call and later ones.
    std::size_t decode(std::span<std::uint8_t> input);

    /// What to answer to the last ping, once. Of several pings only the last needs an answer (section 5.5.3).
    std::optional<bytes> take_ping();

    /// The peer has said that it sends nothing more, and maybe why.
    bool closed() const { return closed_; }
    websocket_close close_code() const { return close_code_; }

    websocket_fault fault() const { return fault_; }

    /// Closed, or at fault: nothing more comes out of it.
    bool is_over() const { return closed_ || fault_ != websocket_fault::none; }

private:
    std::size_t take_header(bytes_view input);
    void begin_frame();
    void take_payload(std::span<std::uint8_t> input, std::size_t at, std::size_t count, std::size_t& data);
    void end_frame();
    void read_close();
    std::size_t header_size() const;
    websocket_fault fault_in_start() const;
    websocket_opcode opcode() const { return static_cast<websocket_opcode>(header_[0] & 0x0F); }
    bool is_final() const { return (header_[0] & 0x80) != 0; }
    bool is_control() const { return (header_[0] & 0x08) != 0; }

    std::uint64_t left_ = 0;                ///< of the frame's payload
    std::array<std::uint8_t, 14> header_{}; ///< of the frame: 2 bytes, up to 8 of length, 4 of mask
    std::uint8_t header_filled_ = 0;
    std::uint8_t masked_by_ = 0; ///< the byte of the mask that is for the next byte of payload
    bool in_payload_ = false;    ///< the header is whole
    bool in_message_ = false;    ///< the next data frame must be a continuation
    bool pinged_ = false;        ///< `ping_` waits to be taken
    bool closed_ = false;
    websocket_fault fault_ = websocket_fault::none;
    websocket_close close_code_ = websocket_close::none;
    bytes control_; ///< payload of a control frame, as far as it has come; at most 125 bytes (section 5.5)
    bytes ping_;    ///< of the last whole ping
};

/// A whole frame, not masked, as servers send them. `payload` is at most 65,535 bytes long.
void append_frame(bytes& to, websocket_opcode opcode, bytes_view payload);
void append_close(bytes& to, websocket_close code);

/// Bytes before the payload of a frame made by append_frame; at most.
constexpr std::size_t longest_frame_header = 4;

} // namespace capstan::net
