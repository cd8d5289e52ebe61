#include "hub/endpoints/locked_out.hpp"

#include "hub/peer.hpp"

namespace capstan::hub {
namespace {

/// `modified` counts as an abandon: no client of Azure's sends it (contract/semantics.md, 1.7).
std::optional<verdict> verdict_of(const amqp::delivery_state& state, bool settled) {
    using shape = amqp::delivery_state::shape;
    switch (state.what) {
    case shape::accepted: return verdict::complete;
    case shape::rejected: return verdict::reject;
    case shape::released:
    case shape::modified: return verdict::abandon;
    case shape::none:
    case shape::received:
    case shape::other: break;
    }
    // Settled without an outcome: the receiver has forgotten it; so nothing is known to have been done.
    return settled ? std::optional(verdict::abandon) : std::nullopt;
}

} // namespace

void locked_out_endpoint::open() {
    // Unsettled, and the outcome is confirmed: receiver-settle-mode second, like the real hub (contract/iothub-amqp.md, 5.2, 5.4).
    engine().accept(link_, {.rcv_settle_mode = 1});
}

std::size_t locked_out_endpoint::wanted(std::size_t under_way) const {
    const std::size_t credit = with_.engine.output_size() < peer::output_high_water ? with_.engine.credit(link_) : 0;
    return credit - std::min(credit, under_way);
}

bool locked_out_endpoint::send_locked(const lock_token& token, std::span<const bytes_view> message) {
    const auto id = engine().send(link_, token, message);
    if (id)
        handed_out_.emplace(static_cast<std::uint32_t>(*id), token);
    return id.has_value();
}

void locked_out_endpoint::end_drain() {
    if (wanted(0) < engine().credit_left(link_))
        return; // the session's window is shut, or the connection is full: there may be more than was asked for
    engine().drained(link_);
    with_.wake();
}

void locked_out_endpoint::on_disposed(const amqp::disposed& what) {
    const auto meant = verdict_of(what.state, what.settled);
    if (!meant)
        return;
    for (auto number = static_cast<std::uint32_t>(what.first);; ++number) {
        const auto found = handed_out_.find(number);
        if (found != handed_out_.end()) {
            const auto token = found->second;
            handed_out_.erase(found);
            ++settling_;
            ++with_.unanswered;
            settle(token, *meant, static_cast<amqp::delivery_id>(number), !what.settled);
        }
        if (number == static_cast<std::uint32_t>(what.last))
            break;
    }
}

/// A receiver that has not settled waits for us to: with accepted, whatever it said, or rejected when the lock was lost.
void locked_out_endpoint::on_settled(amqp::delivery_id id, bool confirm, std::optional<amqp::error> error) {
    --settling_;
    --with_.unanswered;
    if (error)
        with_.refused("settlement", *error, link_);
    if (!confirm)
        return;
    engine().confirm(link_, id, id, error ? amqp::delivery_state::rejected(std::move(*error)) : amqp::delivery_state::accepted());
    with_.wake();
}

} // namespace capstan::hub
