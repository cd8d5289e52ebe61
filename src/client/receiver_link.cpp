#include "client/receiver_link.hpp"

#include "auth/random.hpp"
#include "client/classify.hpp"

namespace capstan::client {

receiver_link::receiver_link(asio::any_io_executor strand, std::string address, std::uint32_t prefetch)
    : strand_(std::move(strand)), address_(std::move(address)), name_("receiver-" + auth::random_uuid()), prefetch_(prefetch) {}

amqp::attach_request receiver_link::request() {
    ++attachment_;
    amqp::attach_request asked;
    asked.name = name_;
    asked.role = amqp::role::receiver;
    asked.source = amqp::encode_source(address_);
    asked.target = amqp::encode_target(name_);
    asked.rcv_settle_mode = amqp::receiver_settle_mode::second;
    asked.credit = prefetch_;
    return asked;
}

void receiver_link::receive(const cancellation& taken_back, answer then) {
    if (failed_)
        return then(std::unexpected(*failed_));
    const auto which = next_ticket_++;
    taken_back.assign([weak = weak_from_this(), which] {
        if (const auto self = weak.lock())
            self->cancel(which);
    });
    waiting_.emplace(which, std::move(then));
    hand_over();
}

void receiver_link::cancel(ticket which) {
    if (auto cancelled = waiting_.extract(which))
        cancelled.mapped()(std::unexpected(client_error(errc::canceled)));
}

void receiver_link::on_delivery(const amqp::delivery& message) {
    arrived_.push_back({attachment_, message.id, {message.payload.begin(), message.payload.end()}});
    hand_over();
}

void receiver_link::hand_over() {
    while (!waiting_.empty() && !arrived_.empty()) {
        auto then = std::move(waiting_.begin()->second);
        waiting_.erase(waiting_.begin());
        auto message = std::move(arrived_.front());
        arrived_.pop_front();
        then(std::move(message));
    }
    grant();
}

/// Room here is credit there; small change is not worth a frame.
void receiver_link::grant() {
    if (!up())
        return;
    const auto room = prefetch_ - std::min<std::uint32_t>(prefetch_, static_cast<std::uint32_t>(arrived_.size()));
    if (engine().credit_left(id()) * 2 > room || engine().credit_left(id()) == room)
        return;
    engine().set_credit(id(), room);
    wake();
}

void receiver_link::settle(std::uint64_t attachment, amqp::delivery_id which, const amqp::delivery_state& state, completion<> then) {
    if (!up() || attachment != attachment_ || !engine().settle(id(), which, which, state, false))
        return then.fail(client_error(errc::lock_lost, "the link that the message came on is gone: it comes again"));
    settling_.insert_or_assign(static_cast<std::uint32_t>(which), std::move(then));
    wake();
}

/// The peer confirms, or says that it is too late.
void receiver_link::on_disposed(const amqp::disposed& what) {
    const auto first = static_cast<std::uint32_t>(what.first), count = static_cast<std::uint32_t>(what.last) - first;
    for (auto at = settling_.begin(); at != settling_.end();) {
        if (at->first - first > count) {
            ++at;
            continue;
        }
        auto then = std::move(at->second);
        at = settling_.erase(at);
        if (what.state.what == amqp::delivery_state::shape::rejected)
            then.fail(client_error(errc::lock_lost, classify(what.state.error).description(), what.state.error.condition));
        else
            then.succeed();
    }
}

void receiver_link::on_lost(const client_error& why) {
    arrived_.clear(); // the hub has them back
    for (auto& [which, then] : std::exchange(settling_, {}))
        then.fail(client_error(errc::connection_lost, why.description(), why.condition()));
}

void receiver_link::on_failed(const client_error& why) {
    failed_ = why;
    on_lost(why);
    for (auto& [which, then] : std::exchange(waiting_, {}))
        then(std::unexpected(why));
}

} // namespace capstan::client
