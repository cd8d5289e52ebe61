#pragma once
// What an event hub says of itself: its partitions and what is in them. contract/event-hubs.md, section 3.

#include <capstan/event_consumer.hpp>

#include "client/request_response.hpp"

namespace capstan::client {

/// On its connection's strand.
class event_hub_questions : public std::enable_shared_from_this<event_hub_questions> {
public:
    using infos = std::expected<std::vector<partition_info>, client_error>;
    using answer = std::move_only_function<void(infos)>;

    /// `time_out`: of one question; the answer takes one for the event hub and one for each partition.
    event_hub_questions(const asio::any_io_executor& strand, std::string entity, const std::string& reply_to,
                        std::chrono::milliseconds time_out)
        : entity_(std::move(entity)), management_(strand, "$management", reply_to, time_out) {}

    std::shared_ptr<link> requests() const { return management_.requests(); }
    std::shared_ptr<link> replies() const { return management_.replies(); }

    /// `then` is not called when this is gone by then.
    void ask_partitions(answer then);
    /// Ends all that is asked.
    void fail(const client_error& why) { management_.fail(why); }

private:
    void ask_partition(std::shared_ptr<std::vector<partition_info>> found, std::size_t index, answer then);
    amqp::map question(std::string_view type) const;

    std::string entity_;
    request_response management_;
};

} // namespace capstan::client
