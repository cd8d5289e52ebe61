#pragma once
#include <capstan/feedback.hpp>

#include "client/settlement.hpp"

namespace capstan::client {

/// Of a batch of feedback.
class batch_settlement : public settlement {
public:
    using settlement::settlement;
    static feedback_batch to_batch(const std::shared_ptr<receiver_link>& on, const asio::any_io_executor& strand, const incoming& what);
    /// Takes records out of a batch: `mine` says which.
    static void take(feedback_batch& from, const std::function<bool(const feedback_record&)>& mine) { std::erase_if(from.records_, mine); }
    static const settlement& of(const feedback_batch& batch);
};

/// From the JSON of contract/iothub-amqp.md, section 7.2.
file_notification to_file_notification(amqp::bytes_view payload);

} // namespace capstan::client
