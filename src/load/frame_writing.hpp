#pragma once
// Whole frames, for all that is not on the path of a message.

#include <capstan/amqp/performatives.hpp>

#include "load/wire.hpp"

namespace capstan::load {

using amqp::bytes;

/// Of open: what we take.
constexpr std::uint32_t our_max_frame_size = 65'536;

inline void write_header(bytes& out, std::uint8_t protocol) {
    const std::uint8_t header[] = {'A', 'M', 'Q', 'P', protocol, 1, 0, 0};
    out.insert(out.end(), std::begin(header), std::end(header));
}

inline std::size_t begin_frame(bytes& out, bool is_sasl = false) {
    const auto start = out.size();
    const std::uint8_t header[] = {0, 0, 0, 0, 2, is_sasl, 0, 0};
    out.insert(out.end(), std::begin(header), std::end(header));
    return start;
}

inline void finish_frame(bytes& out, std::size_t start) { wire::store(out.data() + start, static_cast<std::uint32_t>(out.size() - start)); }

template<class Performative> void write_frame(bytes& out, const Performative& what, bool is_sasl = false) {
    const auto start = begin_frame(out, is_sasl);
    amqp::encoder to(out);
    amqp::write(to, what);
    finish_frame(out, start);
}

/// Reads a performative from a frame's body; nothing when it is malformed.
template<class Performative> std::optional<Performative> read_frame(amqp::bytes_view body) {
    amqp::decoder from(body);
    std::optional<std::uint64_t> code;
    std::string_view name;
    if (!from.enter_described() || !from.read_descriptor(code, name))
        return std::nullopt;
    auto fields = amqp::read_fields<Performative>(from);
    return fields ? std::optional(*fields) : std::nullopt;
}

} // namespace capstan::load
