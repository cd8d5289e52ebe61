#pragma once
#include <capstan/amqp/terminus.hpp>

#include "client/receiver_link.hpp"

namespace capstan::client {

/// What the holder of a received message needs to say its outcome: the link that it came on, if that is still there.
class settlement {
public:
    settlement(std::weak_ptr<receiver_link> on, asio::any_io_executor strand, const incoming& what)
        : on_(std::move(on)), strand_(std::move(strand)), attachment_(what.attachment), delivery_(what.delivery) {}

    /// On any thread.
    void settle(amqp::delivery_state state, completion<> then) const;
    const asio::any_io_executor& strand() const { return strand_; }

private:
    std::weak_ptr<receiver_link> on_;
    asio::any_io_executor strand_;
    std::uint64_t attachment_;
    amqp::delivery_id delivery_;
};

} // namespace capstan::client
