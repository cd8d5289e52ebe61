#include "amqp/framing.hpp"

namespace capstan::amqp {
namespace {

std::uint32_t read_u32(bytes_view from) {
    return std::uint32_t{from[0]} << 24 | std::uint32_t{from[1]} << 16 | std::uint32_t{from[2]} << 8 | from[3];
}

frame_result malformed(const char* problem) { return {.what = frame_result::shape::malformed, .problem = problem}; }

} // namespace

std::array<std::uint8_t, header_size> protocol_header(protocol id) { return {'A', 'M', 'Q', 'P', static_cast<std::uint8_t>(id), 1, 0, 0}; }

frame_result next_frame(bytes_view input, std::uint32_t max_frame_size) {
    if (input.size() < header_size)
        return {.what = frame_result::shape::incomplete, .size = header_size};
    const auto size = read_u32(input);
    const std::size_t body = std::size_t{input[4]} * 4;
    if (size < header_size)
        return malformed("frame smaller than its header");
    if (size > max_frame_size)
        return malformed("frame larger than max-frame-size");
    if (body < header_size)
        return malformed("data offset inside the frame header");
    if (body > size)
        return malformed("data offset beyond the frame");
    if (input[5] > 1)
        return malformed("unknown frame type");
    if (input.size() < size)
        return {.what = frame_result::shape::incomplete, .size = size};
    const auto channel = static_cast<std::uint16_t>(input[6] << 8 | input[7]);
    return {.what = frame_result::shape::whole,
            .found = {static_cast<frame_type>(input[5]), channel, input.subspan(body, size - body)},
            .size = size};
}

std::size_t begin_frame(bytes& out, frame_type type, std::uint16_t channel) {
    const auto start = out.size();
    const std::array<std::uint8_t, header_size> header{
        0, 0, 0, 0, 2, static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(channel >> 8), static_cast<std::uint8_t>(channel)};
    out.insert(out.end(), header.begin(), header.end());
    return start;
}

void finish_frame(bytes& out, std::size_t start) {
    const auto size = static_cast<std::uint32_t>(out.size() - start);
    for (int byte = 0; byte < 4; ++byte)
        out[start + byte] = static_cast<std::uint8_t>(size >> (24 - 8 * byte));
}

} // namespace capstan::amqp
