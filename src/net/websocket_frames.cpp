#include "net/websocket_frames.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

namespace capstan::net {
namespace {

constexpr std::size_t start_size = 2, mask_size = 4; // of a frame's header

class fault_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "websocket"; }
    std::string message(int value) const override {
        switch (static_cast<websocket_fault>(value)) {
        case websocket_fault::none: return "no error";
        case websocket_fault::not_masked: return "a WebSocket frame of a client that is not masked";
        case websocket_fault::reserved_bits: return "a WebSocket frame of an extension that was not agreed on";
        case websocket_fault::unknown_opcode: return "a WebSocket frame with an unknown opcode";
        case websocket_fault::bad_length: return "a WebSocket frame whose length is not written in the shortest form";
        case websocket_fault::bad_control_frame: return "a WebSocket control frame that is too long or fragmented";
        case websocket_fault::bad_continuation: return "a WebSocket frame that does not continue its message, or continues none";
        case websocket_fault::bad_close: return "a WebSocket close frame with a code that may not be sent";
        case websocket_fault::text_message: return "a WebSocket text message: AMQP comes in binary ones";
        }
        return "unknown";
    }
};

std::uint64_t read_number(bytes_view from) {
    std::uint64_t number = 0;
    for (const auto byte : from)
        number = number << 8 | byte;
    return number;
}

/// Section 7.4: those that are defined for the wire, and those left to applications.
bool may_be_sent(std::uint64_t code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

} // namespace

boost::system::error_code make_error_code(websocket_fault fault) {
    static const fault_category category;
    return std::error_code(static_cast<int>(fault), category);
}

// --- reading

std::size_t websocket_decoder::decode(std::span<std::uint8_t> input) {
    std::size_t data = 0;
    for (std::size_t at = 0; at < input.size() && !is_over();) { // every round takes a byte at least
        if (!in_payload_) {
            at += take_header(input.subspan(at));
        } else {
            const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - at));
            take_payload(input, at, count, data);
            at += count;
        }
        if (in_payload_ && left_ == 0)
            end_frame();
    }
    return data;
}

std::size_t websocket_decoder::take_header(bytes_view input) {
    const auto count = std::min(header_size() - header_filled_, input.size());
    std::ranges::copy(input.first(count), header_.begin() + header_filled_);
    header_filled_ += static_cast<std::uint8_t>(count);
    if (header_filled_ == start_size)
        fault_ = fault_in_start();
    if (header_filled_ == header_size() && !is_over())
        begin_frame();
    return count;
}

/// What can be said against the frame's first two bytes.
websocket_fault websocket_decoder::fault_in_start() const {
    if ((header_[0] & 0x70) != 0)
        return websocket_fault::reserved_bits;
    if ((header_[1] & 0x80) == 0)
        return websocket_fault::not_masked;
    switch (opcode()) {
    case websocket_opcode::text: return websocket_fault::text_message;
    case websocket_opcode::continuation: return in_message_ ? websocket_fault::none : websocket_fault::bad_continuation;
    case websocket_opcode::binary: return in_message_ ? websocket_fault::bad_continuation : websocket_fault::none;
    case websocket_opcode::close:
    case websocket_opcode::ping:
    case websocket_opcode::pong:
        return is_final() && (header_[1] & 0x7F) <= 125 ? websocket_fault::none : websocket_fault::bad_control_frame;
    }
    return websocket_fault::unknown_opcode;
}

std::size_t websocket_decoder::header_size() const {
    if (header_filled_ < start_size)
        return start_size;
    const auto form = header_[1] & 0x7F;
    return start_size + (form == 127 ? 8 : form == 126 ? 2 : 0) + mask_size;
}

void websocket_decoder::begin_frame() {
    const auto form = header_[1] & 0x7F;
    const auto length = bytes_view(header_).subspan(start_size, header_size() - start_size - mask_size);
    left_ = length.empty() ? static_cast<std::uint64_t>(form) : read_number(length);
    if ((form == 126 && left_ < 126) || (form == 127 && (left_ <= 0xFFFF || left_ >> 63 != 0)))
        fault_ = websocket_fault::bad_length;
    masked_by_ = 0;
    in_payload_ = true;
}

/// Unmasks `count` bytes at `at`, and puts them behind what the call or the control frame has already.
void websocket_decoder::take_payload(std::span<std::uint8_t> input, std::size_t at, std::size_t count, std::size_t& data) {
    const auto piece = input.subspan(at, count);
    std::array<std::uint8_t, mask_size> mask; // turned so that its first byte is for the piece's; a copy, which the loop cannot change
    for (std::size_t i = 0; i < mask_size; ++i)
        mask[i] = header_[header_size() - mask_size + (masked_by_ + i) % mask_size];
    for (std::size_t i = 0; i < count; ++i)
        piece[i] ^= mask[i % mask_size];
    masked_by_ = static_cast<std::uint8_t>((masked_by_ + count) % mask_size);
    left_ -= count;
    if (is_control())
        return append(control_, piece);
    std::memmove(input.data() + data, piece.data(), count);
    data += count;
}

void websocket_decoder::end_frame() {
    if (opcode() == websocket_opcode::ping) {
        ping_ = std::move(control_);
        pinged_ = true;
    } else if (opcode() == websocket_opcode::close) {
        read_close();
    } else if (!is_control()) {
        in_message_ = !is_final();
    }
    control_ = {};
    header_filled_ = 0;
    in_payload_ = false;
}

void websocket_decoder::read_close() {
    if (!control_.empty()) {
        const auto code = read_number(bytes_view(control_).first(std::min<std::size_t>(2, control_.size())));
        if (control_.size() < 2 || !may_be_sent(code)) {
            fault_ = websocket_fault::bad_close;
            return;
        }
        close_code_ = static_cast<websocket_close>(code);
    }
    closed_ = true;
}

std::optional<bytes> websocket_decoder::take_ping() {
    return std::exchange(pinged_, false) ? std::optional(std::move(ping_)) : std::nullopt;
}

// --- writing

void append_frame(bytes& to, websocket_opcode opcode, bytes_view payload) {
    to.reserve(to.size() + longest_frame_header + payload.size());
    to.push_back(0x80 | static_cast<std::uint8_t>(opcode)); // whole in one frame
    if (payload.size() > 125) {
        to.push_back(126);
        to.push_back(static_cast<std::uint8_t>(payload.size() >> 8));
    }
    to.push_back(static_cast<std::uint8_t>(payload.size()));
    append(to, payload);
}

void append_close(bytes& to, websocket_close code) {
    const auto number = static_cast<std::uint16_t>(code);
    const std::array<std::uint8_t, 2> payload{static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
    append_frame(to, websocket_opcode::close, code == websocket_close::none ? bytes_view() : payload);
}

} // namespace capstan::net
