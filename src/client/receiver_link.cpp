#include "client/receiver_link.hpp"

#include <algorithm>

#include "auth/random.hpp"
#include "client/classify.hpp"

namespace capstan::client {

receiver_link::receiver_link(asio::any_io_executor strand, settings how)
    : strand_(std::move(strand)), how_(std::move(how)), name_("receiver-" + auth::random_uuid()), deadline_(strand_) {}

amqp::attach_request receiver_link::request() {
    ++attachment_;
    amqp::attach_request asked;
    asked.name = name_;
    asked.role = amqp::role::receiver;
    asked.source = amqp::encode_source(how_.address);
    asked.target = amqp::encode_target(name_);
    asked.rcv_settle_mode = amqp::receiver_settle_mode::second;
    asked.credit = wanted_ ? how_.prefetch : 0;
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

void receiver_link::want(bool any) {
    if (std::exchange(wanted_, any) == any || !up())
        return;
    if (any)
        return grant();
    for (const auto& each : std::exchange(arrived_, {}))
        engine().settle(id(), each.delivery, each.delivery, amqp::delivery_state::released());
    engine().set_credit(id(), 0);
    wake();
}

/// Room here is credit there; small change is not worth a frame.
void receiver_link::grant() {
    if (!up() || !wanted_)
        return;
    const auto room = how_.prefetch - std::min<std::uint32_t>(how_.prefetch, static_cast<std::uint32_t>(arrived_.size()));
    if (engine().credit_left(id()) * 2 > room || engine().credit_left(id()) == room)
        return;
    engine().set_credit(id(), room);
    wake();
}

void receiver_link::settle(std::uint64_t attachment, amqp::delivery_id which, const amqp::delivery_state& state, completion<> then) {
    if (!up() || attachment != attachment_ || !engine().settle(id(), which, which, state, false))
        return then.fail(client_error(errc::lock_lost, "the link that the message came on is gone: it comes again"));
    const auto delivery = static_cast<std::uint32_t>(which);
    then.cancel().assign([weak = weak_from_this(), attachment, delivery] {
        if (const auto self = weak.lock())
            self->give_up(attachment, delivery, client_error(errc::canceled));
    });
    settling_.insert_or_assign(delivery, outcome{std::move(then), std::chrono::steady_clock::now() + how_.time_out});
    watch_deadlines();
    wake();
}

void receiver_link::give_up(std::uint64_t attachment, std::uint32_t delivery, const client_error& why) {
    if (attachment != attachment_)
        return;
    if (auto waiting = settling_.extract(delivery))
        waiting.mapped().then.fail(why);
}

/// One timer for all of them: it looks again when the first of those that wait now has run out of time.
void receiver_link::watch_deadlines() {
    if (watching_ || settling_.empty())
        return;
    watching_ = true;
    auto soonest = std::chrono::steady_clock::time_point::max();
    for (const auto& [delivery, waiting] : settling_)
        soonest = std::min(soonest, waiting.deadline);
    deadline_.expires_at(soonest);
    deadline_.async_wait([weak = weak_from_this()](boost::system::error_code) {
        const auto self = weak.lock();
        if (!self)
            return;
        self->watching_ = false;
        std::vector<std::uint32_t> late;
        for (const auto now = std::chrono::steady_clock::now(); const auto& [delivery, waiting] : self->settling_)
            if (waiting.deadline <= now)
                late.push_back(delivery);
        for (const auto delivery : late)
            self->give_up(self->attachment_, delivery, client_error(errc::timed_out, "no answer to the outcome"));
        self->watch_deadlines();
    });
}

/// The peer confirms, or says that it is too late.
void receiver_link::on_disposed(const amqp::disposed& what) {
    const auto first = static_cast<std::uint32_t>(what.first), count = static_cast<std::uint32_t>(what.last) - first;
    for (auto at = settling_.begin(); at != settling_.end();) {
        if (at->first - first > count) {
            ++at;
            continue;
        }
        auto then = std::move(at->second.then);
        at = settling_.erase(at);
        if (what.state.what == amqp::delivery_state::shape::rejected)
            then.fail(client_error(errc::lock_lost, classify(what.state.error).description(), what.state.error.condition));
        else
            then.succeed();
    }
}

void receiver_link::on_lost(const client_error& why) {
    arrived_.clear(); // the hub has them back
    for (auto& [which, waiting] : std::exchange(settling_, {}))
        waiting.then.fail(client_error(errc::connection_lost, why.description(), why.condition()));
    deadline_.cancel();
}

void receiver_link::on_failed(const client_error& why) {
    failed_ = why;
    on_lost(why);
    for (auto& [which, then] : std::exchange(waiting_, {}))
        then(std::unexpected(why));
}

} // namespace capstan::client
