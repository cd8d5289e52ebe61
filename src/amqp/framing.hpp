#pragma once
// Frames and protocol headers (part 2, sections 2.2 and 2.3).
//
//     +0       +1       +2       +3       +4       +5       +6       +7
//     |            size (whole frame)     | doff   | type   |    channel      | (doff - 2) * 4 bytes to skip | body …
//
// doff counts 4-byte words, so a frame without extended header has doff 2. Type 0 is AMQP, 1 is SASL (channel unused).

#include <optional>

#include <capstan/amqp/types.hpp>

namespace capstan::amqp {

constexpr std::size_t header_size = 8;
/// The least that each side must take (part 2, section 2.3.1), and the size of the largest frame before the opens.
constexpr std::uint32_t min_max_frame_size = 512;

enum class protocol : std::uint8_t { amqp = 0, tls = 2, sasl = 3 };
enum class frame_type : std::uint8_t { amqp = 0, sasl = 1 };

std::array<std::uint8_t, header_size> protocol_header(protocol id);

struct frame {
    frame_type type;
    std::uint16_t channel;
    bytes_view body; ///< empty: a heartbeat
};

/// What the bytes at the start of the input are.
struct frame_result {
    enum class shape : std::uint8_t { incomplete, whole, malformed } what;
    frame found{};
    std::size_t size = 0;     ///< of a whole frame; of an incomplete one, how many bytes it takes to know more
    const char* problem = ""; ///< of a malformed one
};
frame_result next_frame(bytes_view input, std::uint32_t max_frame_size);

/// Starts a frame at the end of `out`; finish_frame writes its size once the body is there.
std::size_t begin_frame(bytes& out, frame_type type, std::uint16_t channel);
void finish_frame(bytes& out, std::size_t start);

} // namespace capstan::amqp
