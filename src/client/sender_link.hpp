#pragma once
// Messages on their way to one address: kept until the peer has said what became of them, and sent again when a link is lost before
// it has, or when the peer cannot take them now. Every message is accepted at least once, or its sender is told why not.

#include <map>
#include <set>

#include <boost/asio/steady_timer.hpp>

#include "client/backoff.hpp"
#include "client/completion.hpp"
#include "client/link.hpp"

namespace capstan::client {

/// On its connection's strand.
class sender_link final : public link, public std::enable_shared_from_this<sender_link> {
public:
    struct settings {
        std::string address;
        std::size_t max_queued;               ///< one more fails with errc::send_queue_full
        std::size_t max_queued_bytes;         ///< likewise; a single message may be larger
        std::chrono::milliseconds time_out;   ///< of one message
        retry_policy retry;                   ///< of messages that the peer cannot take now
    };
    sender_link(asio::any_io_executor strand, settings how);

    /// For good: another one is needed.
    bool failed() const { return failed_.has_value(); }

    /// Gets why it failed, or nothing. Runs on the strand.
    using done = std::move_only_function<void(const std::optional<client_error>&)>;
    /// `taken_back` ends it with errc::canceled.
    void send(amqp::bytes payload, std::uint32_t format, const cancellation& taken_back, done then);

    amqp::attach_request request() override;
    void on_credited() override { pump(); }
    void on_disposed(const amqp::disposed& what) override;
    void on_failed(const client_error& why) override;

private:
    using ticket = std::uint64_t;
    struct outgoing {
        amqp::bytes payload;
        std::uint32_t format;
        std::chrono::steady_clock::time_point deadline;
        done then;
        std::optional<client_error> given_back{}; ///< why, if it is not on its way again
    };
    void pump();
    bool fits(amqp::bytes_view message) const;
    void conclude(ticket which, const amqp::delivery_state& state);
    void send_again(ticket which, const client_error& why);
    void cancel(ticket which);
    void finish(ticket which, const std::optional<client_error>& why);
    void watch_deadlines();
    void on_lost(const client_error& why) override;

    asio::any_io_executor strand_;
    settings how_;
    std::size_t queued_bytes_ = 0;
    std::map<ticket, outgoing> queue_; ///< in the order of the calls; deadlines are in that order too
    ticket next_ticket_ = 1;
    std::set<ticket> to_send_;         ///< those in the queue that are not on their way
    std::map<std::uint32_t, ticket> unsettled_; ///< by delivery-id
    backoff backoff_;
    asio::steady_timer pause_;
    bool pausing_ = false;             ///< the peer could not take a message: all wait, and keep their order
    asio::steady_timer deadline_;
    bool watching_ = false;
    std::optional<client_error> failed_;
    std::string name_;
};

} // namespace capstan::client
