#include "load/transfer_template.hpp"

#include <algorithm>
#include <random>

#include <capstan/amqp/encoder.hpp>

#include "load/wire.hpp"

namespace capstan::load {
namespace {

constexpr std::uint32_t batch_format = 0x80013700;
constexpr std::uint64_t mark = 0x6361707374616e21; // "capstan!"

// Of the frame's head, which holds a transfer's first six fields (part 2, section 2.7.5), all of fixed width.
constexpr std::size_t list_at = 11, handle_at = 15, id_at = 20, tag_at = 26, format_at = 31, more_at = 36;

bytes frame_head(std::uint32_t format, bool settled) {
    bytes head{0,    0, 0,    0,    2,    0,
               0,    0, 0x00, 0x53, 0x14, 0xc0,
               24,   6,      // the list's size without its own byte, and its count
               0x70, 0, 0,    0,    0,    0x70,
               0,    0, 0,    0,    0xa0, 4,
               0,    0, 0,    0,    // handle, delivery-id, delivery-tag
               0x70, 0, 0,    0,    0,    std::uint8_t(settled ? 0x41 : 0x42),
               0x42}; // message-format, settled, more
    static_assert(list_at + 2 + 24 == transfer_template::head);
    wire::store(head.data() + format_at, format);
    return head;
}

/// The same in every run. Not compressible, as telemetry in a compact form is.
bytes body_of(std::size_t size) {
    std::minstd_rand random(1); // NOLINT: no secret
    bytes body(size);
    std::ranges::generate(body, [&] { return static_cast<std::uint8_t>(random() >> 8); });
    if (size >= stamped_size)
        wire::store(body.data(), mark);
    return body;
}

void write_properties(bytes& out, const message_shape& shape) {
    amqp::encoder to(out);
    if (shape.durable) {
        to.descriptor(0x70);
        const auto header = to.begin_list();
        to.write(true);
        to.end(header, 1);
    }
    if (!shape.to.empty()) {
        to.descriptor(0x73);
        const auto properties = to.begin_list();
        to.write("bench"); // message-id: feedback is given only to messages that have one
        to.null();
        to.write(std::string_view(shape.to));
        to.end(properties, 3);
    }
    if (!shape.ack.empty()) {
        to.descriptor(0x74);
        const auto map = to.begin_map();
        to.write("iothub-ack");
        to.write(std::string_view(shape.ack));
        to.end(map, 2);
    }
}

bytes encoded_message(const message_shape& shape) {
    bytes out;
    write_properties(out, shape);
    amqp::encoder to(out);
    to.descriptor(0x75);
    to.write(bytes_view(body_of(shape.body_size)));
    return out;
}

} // namespace

transfer_template::transfer_template(const message_shape& shape, bool settled)
    : frame_(frame_head(shape.batch > 1 ? batch_format : 0, settled)), messages_(std::max(shape.batch, 1u)) {
    const auto one = encoded_message(shape);
    for (std::uint32_t i = 0; i < messages_; ++i) {
        amqp::encoder to(frame_);
        if (shape.batch > 1) {
            to.descriptor(0x75);
            to.write(bytes_view(one));
        } else {
            frame_.insert(frame_.end(), one.begin(), one.end());
        }
        if (shape.body_size >= stamped_size)
            times_.push_back(frame_.size() - shape.body_size + sizeof mark);
    }
    wire::store(frame_.data(), static_cast<std::uint32_t>(frame_.size()));
}

std::size_t transfer_template::frames(std::uint32_t max_frame_size) const {
    const std::size_t part = max_frame_size - head;
    return (size() + part - 1) / part;
}

void transfer_template::stamp_head(std::uint8_t* frame, std::uint32_t size, std::uint32_t handle, std::uint32_t delivery_id) const {
    wire::store(frame, size);
    wire::store(frame + handle_at, handle);
    wire::store(frame + id_at, delivery_id);
    wire::store(frame + tag_at, delivery_id);
}

void transfer_template::stamp(bytes& out, std::uint32_t handle, std::uint32_t delivery_id, std::int64_t time) const {
    const auto start = out.size();
    out.insert(out.end(), frame_.begin(), frame_.end());
    auto* frame = out.data() + start;
    stamp_head(frame, static_cast<std::uint32_t>(frame_.size()), handle, delivery_id);
    for (const auto at : times_)
        wire::store(frame + at, time);
}

std::size_t transfer_template::stamp_part(bytes& out, std::uint32_t handle, std::uint32_t delivery_id, std::int64_t time,
                                          std::size_t offset, std::uint32_t max_frame_size) const {
    const auto next = std::min(size(), offset + max_frame_size - head);
    const auto start = out.size();
    out.insert(out.end(), frame_.begin(), frame_.begin() + head);
    out.insert(out.end(), frame_.begin() + static_cast<std::ptrdiff_t>(head + offset),
               frame_.begin() + static_cast<std::ptrdiff_t>(head + next));
    auto* frame = out.data() + start;
    stamp_head(frame, static_cast<std::uint32_t>(head + next - offset), handle, delivery_id);
    frame[more_at] = next < size() ? 0x41 : 0x42;
    std::uint8_t octets[sizeof time];
    wire::store(octets, time);
    for (const auto at : times_) // a time may lie across two frames
        for (std::size_t i = 0; i < sizeof octets; ++i)
            if (at + i >= head + offset && at + i < head + next)
                frame[at + i - offset] = octets[i];
    return next;
}

std::int64_t time_in_body(bytes_view message, std::size_t body_size) {
    if (body_size < stamped_size || message.size() < body_size)
        return 0;
    const auto* body = message.data() + message.size() - body_size;
    return wire::load<std::uint64_t>(body) == mark ? wire::load<std::int64_t>(body + sizeof mark) : 0;
}

} // namespace capstan::load
