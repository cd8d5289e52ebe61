#pragma once
// Messages that are encoded once and sent many times: a whole transfer frame in which only a few fields of fixed width are stamped.

#include <span>
#include <string>
#include <vector>

#include <capstan/amqp/types.hpp>

namespace capstan::load {

using amqp::bytes;
using amqp::bytes_view;

/// What to encode.
struct message_shape {
    std::size_t body_size = 256;
    std::uint32_t batch = 1;  ///< over 1: so many messages in one of format 0x80013700
    bool durable = false;     ///< a header section that says so
    std::string to;           ///< properties; left out when empty
    std::string ack;          ///< application property iothub-ack; left out when empty
};

class transfer_template {
public:
    transfer_template(const message_shape& shape, bool settled);

    /// Of the encoded message.
    std::size_t size() const { return frame_.size() - head; }
    /// Messages in it.
    std::uint32_t messages() const { return messages_; }
    /// How many frames it takes to a peer that takes frames of this size.
    std::size_t frames(std::uint32_t max_frame_size) const;

    /// Appends the transfer as one frame. `time` goes to the start of the bodies that have room for it.
    void stamp(bytes& out, std::uint32_t handle, std::uint32_t delivery_id, std::int64_t time) const;
    /// Appends one frame of several: what fits of the message from `offset` on. Gives back where the next one begins; size() after
    /// the last.
    std::size_t stamp_part(bytes& out, std::uint32_t handle, std::uint32_t delivery_id, std::int64_t time, std::size_t offset,
                           std::uint32_t max_frame_size) const;

    static constexpr std::size_t head = 37; ///< bytes before the message

private:
    void stamp_head(std::uint8_t* frame, std::uint32_t size, std::uint32_t handle, std::uint32_t delivery_id) const;

    bytes frame_;
    std::vector<std::size_t> times_; ///< where in the frame
    std::uint32_t messages_;
};

/// A sent time at the start of a message's last `body_size` bytes; 0 when there is none.
std::int64_t time_in_body(bytes_view message, std::size_t body_size);

/// The bytes of a body that has a time: a mark, and the time.
constexpr std::size_t stamped_size = 16;

} // namespace capstan::load
