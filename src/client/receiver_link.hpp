#pragma once
// Messages that come from one address, each to be settled by whoever gets it.

#include <deque>
#include <expected>
#include <functional>
#include <map>

#include <boost/asio/steady_timer.hpp>

#include "client/completion.hpp"
#include "client/link.hpp"

namespace capstan::client {

/// A message with what is needed to settle it. It is ours as long as the link that it came on.
struct incoming {
    std::uint64_t attachment = 0; ///< which one of the link's
    amqp::delivery_id delivery{};
    amqp::bytes payload;
};

/// On its connection's strand.
class receiver_link final : public link, public std::enable_shared_from_this<receiver_link> {
public:
    struct settings {
        std::string address;
        std::uint32_t prefetch;             ///< messages that may wait here
        std::chrono::milliseconds time_out; ///< of one outcome
    };
    receiver_link(asio::any_io_executor strand, settings how);

    /// While nobody wants any, the peer is given no credit, and what has come already goes back. Wanted from the beginning.
    void want(bool any);

    /// For good: another one is needed.
    bool failed() const { return failed_.has_value(); }

    /// `then` runs on the strand. `taken_back` ends it with errc::canceled.
    using answer = std::move_only_function<void(std::expected<incoming, client_error>)>;
    void receive(const cancellation& taken_back, answer then);
    /// Done when the peer has confirmed it; lock_lost when the message is no longer ours. Taken back or too late (canceled, timed_out)
    /// it may still take effect.
    void settle(std::uint64_t attachment, amqp::delivery_id which, const amqp::delivery_state& state, completion<> then);

    amqp::attach_request request() override;
    void on_delivery(const amqp::delivery& message) override;
    void on_disposed(const amqp::disposed& what) override;
    void on_failed(const client_error& why) override;

private:
    using ticket = std::uint64_t;
    struct outcome {
        completion<> then;
        std::chrono::steady_clock::time_point deadline;
    };
    void cancel(ticket which);
    void give_up(std::uint64_t attachment, std::uint32_t delivery, const client_error& why);
    void watch_deadlines();
    void hand_over();
    void grant();
    void on_lost(const client_error& why) override;

    asio::any_io_executor strand_;
    settings how_;
    std::string name_;
    std::uint64_t attachment_ = 0;
    std::deque<incoming> arrived_;
    std::map<ticket, answer> waiting_;
    ticket next_ticket_ = 1;
    std::map<std::uint32_t, outcome> settling_; ///< by delivery-id
    asio::steady_timer deadline_;
    bool watching_ = false;
    bool wanted_ = true;
    std::optional<client_error> failed_;
};

} // namespace capstan::client
