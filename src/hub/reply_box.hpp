#pragma once
// Answers of a request-response node ($cbs, $management) on their way to the link that the asker receives on. An answer may be
// ready before that link is attached or has credit: it waits then (contract/event-hubs.md, 2.3; iothub-amqp.md, 4.1).

#include <string>
#include <vector>

#include <capstan/amqp/connection.hpp>

namespace capstan::hub {

class reply_box {
public:
    /// The link sends from this node; `target` is the address of its other end, by which requests may name it.
    void add_link(const amqp::link_info& link);
    void remove_link(amqp::link_id link);

    /// For `reply_to` (a link's name or target address), or else for a link of the same session, or else for any. Beyond 256
    /// waiting answers, or 128 KiB of them, the oldest is dropped: its asker never gave credit for it.
    void put(std::string reply_to, std::uint16_t channel, amqp::bytes message);

    /// Sends what can be sent.
    void pump(amqp::connection& engine);

private:
    struct reply_link {
        amqp::link_id id;
        std::uint16_t channel;
        std::string name;
        std::string target;
        bool settled; ///< it asked for answers that are settled when they are sent
    };
    struct reply {
        std::string to;
        std::uint16_t channel;
        amqp::bytes message;
        std::size_t size() const { return to.size() + message.size(); }
    };
    const reply_link* link_for(const reply& waiting) const;

    std::vector<reply_link> links_;
    std::vector<reply> waiting_; ///< mostly empty, and then without memory, as a deque is not; the oldest first
    std::size_t waiting_bytes_ = 0;
    std::uint32_t next_tag_ = 1;
};

} // namespace capstan::hub
