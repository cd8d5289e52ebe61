#pragma once
// Questions and answers over a pair of links of one address: $cbs and $management. contract/iothub-amqp.md, section 4;
// contract/event-hubs.md, section 3.

#include <deque>
#include <expected>
#include <map>

#include <boost/asio/steady_timer.hpp>

#include <capstan/amqp/message.hpp>

#include "client/completion.hpp"
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

    /// `time_out`: of one question, from ask() on.
    request_response(const asio::any_io_executor& strand, std::string address, std::string reply_to, std::chrono::milliseconds time_out);

    /// The two, to be attached on one session.
    std::shared_ptr<link> requests() const;
    std::shared_ptr<link> replies() const;

    /// Asks as soon as it can; errc::timed_out when there is no answer in time. `body` may be null. At most 30 requests are on their way at
    /// once: more have been seen to cost the connection (contract/iothub-amqp.md, section 4.8).
    void ask(const amqp::map& properties, const amqp::value& body, answer done);
    /// Ends all that is asked.
    void fail(const client_error& why);

private:
    static constexpr std::size_t max_on_the_way = 30;
    class request_link;
    class reply_link;
    using steady_time = std::chrono::steady_clock::time_point;
    struct question {
        std::string id;
        amqp::bytes payload;
        answer done;
        steady_time deadline;
    };
    struct asked_question {
        answer done;
        steady_time deadline;
    };
    void pump();
    void watch_deadlines();
    void give_up_late();
    void answered(const amqp::delivery& message);
    void refused(std::uint64_t number, const client_error& why);

    std::string address_, reply_to_;
    std::shared_ptr<request_link> requests_;
    std::shared_ptr<reply_link> replies_;
    std::deque<question> waiting_;
    std::map<std::string, asked_question> asked_; ///< by message id
    std::map<std::uint32_t, std::string> sent_; ///< delivery to message id, until it is settled
    std::uint64_t next_ = 1;
    std::chrono::milliseconds time_out_;
    asio::steady_timer deadline_;
    bool watching_ = false;
    std::shared_ptr<request_response*> self_; ///< what the timer knows of us: it may ring late
};

} // namespace capstan::client
