// Links on which we receive: credit given, frames put together to deliveries, outcomes (part 2, sections 2.6.7 to 2.6.14).

#include "amqp/engine.hpp"

namespace capstan::amqp {
namespace {

constexpr auto second = static_cast<std::uint8_t>(receiver_settle_mode::second);

/// The link's mode, unless the delivery has one of its own (part 2, section 2.7.5).
bool waits_for_sender(const link& what, const amqp::transfer& first_frame) {
    return first_frame.rcv_settle_mode.value_or(what.info.rcv_settle_mode.value_or(0)) == second;
}

} // namespace

void connection::engine::on_transfer(std::uint16_t channel, const amqp::transfer& frame, bytes_view payload) {
    auto* at = begun_session_at(channel);
    if (!at || !take_frame(*at))
        return;
    auto* what = link_at(*at, frame.handle);
    if (!what)
        return;
    if (what->sends())
        return fail_link(*what, error(condition::not_allowed, "a transfer to the sender of a link"));
    if (frame.rcv_settle_mode.value_or(0) > 1)
        return fail(condition::invalid_field, "transfer: unknown settle mode");
    if (frame.state)
        if (const auto state = decode_state(frame.state); !state)
            return fail(state.error());
    const bool first = !what->partial;
    if (first ? !may_begin_delivery(*what, frame) : !may_continue_delivery(*what, frame))
        return;
    if (frame.aborted)
        return abort_delivery(*at, *what);
    if (first ? frame.resume : what->partial->resumed)
        return ignore_resumed(*at, *what, frame);
    if (!within_limits(*what, payload.size()))
        return;
    if (first && !frame.more) {
        const auto id = static_cast<delivery_id>(*frame.delivery_id);
        return finish_delivery(
            *at, *what, {what->info.id, id, *frame.delivery_tag, frame.message_format.value_or(0), frame.settled.value_or(false), payload},
            waits_for_sender(*what, frame));
    }
    if (first)
        begin_partial(*what, frame);
    auto& partial = *what->partial;
    partial.settled |= frame.settled.value_or(false);
    partial.payload.insert(partial.payload.end(), payload.begin(), payload.end());
    partial_bytes_ += payload.size();
    if (!frame.more)
        finish_partial(*at, *what);
}

/// Counts a transfer frame against the session's window, which is opened again when half of it is used.
bool connection::engine::take_frame(session& at) {
    if (at.incoming_window == 0)
        return fail_session(at, error(condition::window_violation, "more transfers than the incoming window")), false;
    at.next_incoming_id += 1;
    at.incoming_window -= 1;
    if (at.incoming_window <= settings_.incoming_window / 2)
        write_session_flow(at);
    return true;
}

bool connection::engine::may_begin_delivery(link& what, const amqp::transfer& frame) {
    const auto refuse = [&](std::string_view condition, std::string_view why) { fail_link(what, error(condition, why)); };
    if (!frame.delivery_id)
        return refuse(condition::invalid_field, "transfer: the first frame of a delivery has no delivery-id"), false;
    if (!frame.delivery_tag)
        return refuse(condition::invalid_field, "transfer: the first frame of a delivery has no delivery-tag"), false;
    if (frame.delivery_tag->size() > max_tag_size)
        return refuse(condition::invalid_field, "transfer: delivery-tag longer than 32 bytes"), false;
    // A delivery that is sent settled has no use for the field, and may have anything in it.
    if (frame.rcv_settle_mode == second && what.info.rcv_settle_mode.value_or(0) != second && !frame.settled.value_or(false))
        return refuse(condition::invalid_field, "transfer: rcv-settle-mode second on a link of first"), false;
    if (what.credit == 0)
        return refuse(condition::transfer_limit_exceeded, "more deliveries than link credit"), false;
    what.credit -= 1;
    what.delivery_count += 1;
    return true;
}

bool connection::engine::may_continue_delivery(link& what, const amqp::transfer& frame) {
    const auto& begun = *what.partial;
    if (frame.delivery_id.value_or(static_cast<std::uint32_t>(begun.id)) == static_cast<std::uint32_t>(begun.id) &&
        std::ranges::equal(frame.delivery_tag.value_or(begun.tag), begun.tag) &&
        frame.message_format.value_or(begun.message_format) == begun.message_format)
        return true;
    fail_link(what, error(condition::invalid_field, "transfer: a delivery began inside another one"));
    return false;
}

void connection::engine::begin_partial(link& what, const amqp::transfer& frame) {
    what.partial = std::make_unique<partial_delivery>();
    auto& partial = *what.partial;
    partial.id = static_cast<delivery_id>(*frame.delivery_id);
    partial.tag.assign(frame.delivery_tag->begin(), frame.delivery_tag->end());
    partial.message_format = frame.message_format.value_or(0);
    partial.waits_for_sender = waits_for_sender(what, frame);
}

/// The pieces are kept until the next event has been asked for.
void connection::engine::finish_partial(session& at, link& what) {
    auto& partial = *what.partial;
    partial_bytes_ -= partial.payload.size();
    held_ = std::move(partial.payload);
    held_tag_ = std::move(partial.tag);
    const delivery done{what.info.id, partial.id, held_tag_, partial.message_format, partial.settled, held_};
    const bool waits = partial.waits_for_sender;
    what.partial.reset();
    finish_delivery(at, what, done, waits);
}

bool connection::engine::within_limits(link& what, std::size_t more) {
    const auto size = (what.partial ? what.partial->payload.size() : 0) + more;
    if (size > what.max_message_size) {
        fail_link(what, error(condition::message_size_exceeded,
                              "the message is larger than the link's max-message-size of " + std::to_string(what.max_message_size)));
        return false;
    }
    if (partial_bytes_ + more > settings_.max_partial_bytes) {
        fail_link(what, error(condition::resource_limit_exceeded, "too many unfinished deliveries on this connection"));
        return false;
    }
    return true;
}

void connection::engine::finish_delivery(session& at, link& what, const delivery& done, bool waits_for_sender) {
    if (!done.settled && waits_for_sender)
        at.received.emplace(static_cast<std::uint32_t>(done.id), what.info.id);
    emit(done);
}

/// What a sender resumes (part 2, section 2.6.13) we never know: nothing of a delivery is kept when its link goes. Such a delivery is
/// to be ignored (section 2.7.5), to its last frame; nobody hears of it who could give credit anew.
void connection::engine::ignore_resumed(session& at, link& what, const amqp::transfer& frame) {
    if (!what.partial)
        begin_partial(what, frame);
    what.partial->resumed = true;
    if (!frame.more)
        abort_delivery(at, what);
}

/// The sender thought better of it: as if it had never been sent, credit included (part 2, section 2.6.14).
void connection::engine::abort_delivery(session& at, link& what) {
    drop_partial(what);
    what.credit += 1;
    write_link_flow(at, what);
}

void connection::engine::drop_partial(link& what) {
    if (!what.partial)
        return;
    partial_bytes_ -= what.partial->payload.size();
    what.partial.reset();
}

bool connection::engine::set_credit(link_id id, std::uint32_t credit, bool drain) {
    auto* what = find(id);
    if (!what || what->sends() || what->local != lifecycle::begun || stage_ != stage::frames)
        return false;
    what->credit = credit;
    what->draining = drain;
    write_link_flow(*session_of(*what), *what);
    return true;
}

bool connection::engine::settle(link_id id, delivery_id first, delivery_id last, const delivery_state& state, bool settled) {
    auto* what = find(id);
    if (!what || what->sends() || what->local != lifecycle::begun || stage_ != stage::frames)
        return false;
    if (serial_less(static_cast<std::uint32_t>(last), static_cast<std::uint32_t>(first)))
        return false;
    auto& at = *session_of(*what);
    if (settled && !at.received.empty())
        for (auto number = static_cast<std::uint32_t>(first);; ++number) {
            at.received.erase(number);
            if (number == static_cast<std::uint32_t>(last))
                break;
        }
    write_disposition(at.local_channel, role::receiver, first, last, state, settled);
    return true;
}

} // namespace capstan::amqp
