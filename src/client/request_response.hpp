#pragma once
// Questions and answers over a pair of links of one address: $cbs and $management. contract/iothub-amqp.md, section 4;
// contract/event-hubs.md, section 3.

#include <deque>
#include <expected>
#include <map>

#include <boost/asio/steady_timer.hpp>

#include <capstan/amqp/message.hpp>

#include "client/link.hpp"

namespace capstan::client {

struct reply {
    int status = 0;
    std::string description;
    amqp::value body; ///< of an amqp-value; null otherwise
};

/// Lives as long as one connection's wire. On its strand.
class request_response {
public:
    using answer = std::move_only_function<void(std::expected<reply, client_error>)>;

    request_response(std::string address, std::string reply_to);

    /// The two, to be attached on one session.
    std::shared_ptr<link> requests() const;
    std::shared_ptr<link> replies() const;

    /// Asks as soon as it can. `body` may be null. At most 30 requests are on their way at once: more have been seen to cost the
    /// connection (contract/iothub-amqp.md, section 4.8).
    void ask(const amqp::map& properties, const amqp::value& body, answer done);
    /// Ends all that is asked.
    void fail(const client_error& why);

private:
    static constexpr std::size_t max_on_the_way = 30;
    class request_link;
    class reply_link;
    struct question {
        std::string id;
        amqp::bytes payload;
        answer done;
    };
    void pump();
    void answered(const amqp::delivery& message);
    void refused(std::uint64_t number, const client_error& why);

    std::string address_, reply_to_;
    std::shared_ptr<request_link> requests_;
    std::shared_ptr<reply_link> replies_;
    std::deque<question> waiting_;
    std::map<std::string, answer> asked_; ///< by message id
    std::map<std::uint32_t, std::string> sent_; ///< delivery to message id, until it is settled
    std::uint64_t next_ = 1;
};

} // namespace capstan::client
