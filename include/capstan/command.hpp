#pragma once
#include <memory>

#include <capstan/detail/initiate.hpp>
#include <capstan/message.hpp>

namespace capstan {

namespace client {
class command_settlement;
}

/// A cloud-to-device message, locked to the device that received it. It wants one of the three outcomes; without one it comes again
/// when the hub's lock has run out (60 s), or when the connection is lost.
///
/// The outcomes complete when the hub has confirmed them. Errors: lock_lost (it was too late; the message comes again),
/// connection_lost, timed_out, canceled (whether it took effect is not known: if not, the message comes again), closed.
class command {
public:
    command() = default;

    /// What the sender wrote.
    ///@{
    const message& content() const { return content_; }
    std::string_view body() const { return content_.body(); }
    std::string_view property(std::string_view name) const { return content_.property(name); }
    ///@}

    /// Of the device's queue, ascending.
    std::uint64_t sequence_number() const { return sequence_number_; }
    /// How often it was given back before.
    std::uint32_t delivery_count() const { return delivery_count_; }
    /// When the hub took it.
    wall_clock_time enqueued_time() const { return enqueued_time_; }

    /// Done with it: the hub forgets it, and tells its sender if that asked for it.
    template<completion_token<> Token = asio::use_awaitable_t<>> auto async_complete(Token&& token = Token()) {
        return async_settle(outcome::complete, std::forward<Token>(token));
    }
    /// It can never be done: the hub sets it aside, and tells its sender if that asked for it.
    template<completion_token<> Token = asio::use_awaitable_t<>> auto async_reject(Token&& token = Token()) {
        return async_settle(outcome::reject, std::forward<Token>(token));
    }
    /// Not now: it goes back into the queue, and comes again with a higher delivery count.
    template<completion_token<> Token = asio::use_awaitable_t<>> auto async_abandon(Token&& token = Token()) {
        return async_settle(outcome::abandon, std::forward<Token>(token));
    }

private:
    friend class client::command_settlement;
    enum class outcome : std::uint8_t { complete, reject, abandon };
    using settlement = std::shared_ptr<client::command_settlement>;

    template<class Token> auto async_settle(outcome what, Token&& token) {
        return detail::initiate<>(std::forward<Token>(token),
                                  [held = settlement_, what](detail::handler<> then) mutable { settle(held, what, std::move(then)); });
    }
    static void settle(const settlement& held, outcome what, detail::handler<> then);

    message content_;
    std::uint64_t sequence_number_ = 0;
    std::uint32_t delivery_count_ = 0;
    wall_clock_time enqueued_time_{};
    settlement settlement_;
};

} // namespace capstan
