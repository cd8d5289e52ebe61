// connection: transfers out, credit and outcomes in.
#include <algorithm>

#include <capstan/amqp/terminus.hpp>

#include "load/connection.hpp"
#include "load/frame_writing.hpp"

namespace capstan::load {
namespace {

/// Descriptors of delivery states (part 3, section 3.4).
enum outcome : std::uint8_t { none = 0, received = 0x23, accepted, rejected, released, modified };

struct disposition_fields {
    bool receiver = false, settled = false;
    std::uint32_t first = 0, last = 0;
    std::uint8_t state = none;
};

/// The encodings that engines write for outcomes without more to say.
bool read_fast(bytes_view body, disposition_fields& found) {
    wire::fast_reader from(body.subspan(3));
    std::uint32_t count = 0;
    if (!from.open_list(5, count) || !from.boolean(found.receiver) || !from.uint(found.first))
        return false;
    found.last = found.first;
    return (from.null() || from.uint(found.last)) && from.boolean(found.settled) && from.descriptor(found.state) &&
           found.state >= accepted && found.state <= modified;
}

bool read_any(bytes_view body, disposition_fields& found) {
    const auto disposition = read_frame<amqp::disposition>(body);
    if (!disposition)
        return false;
    found = {disposition->receiver, disposition->settled, disposition->first, disposition->last.value_or(disposition->first), none};
    const auto state = amqp::decode_state(disposition->state);
    using shape = amqp::delivery_state::shape;
    if (state && state->what >= shape::received && state->what <= shape::modified)
        found.state = static_cast<std::uint8_t>(received + (static_cast<int>(state->what) - static_cast<int>(shape::received)));
    return true;
}

std::string error_in(bytes_view body) {
    const auto disposition = read_frame<amqp::disposition>(body);
    const auto state = disposition ? amqp::decode_state(disposition->state) : std::unexpected(amqp::error());
    return state ? state->error.condition + ": " + state->error.description : std::string();
}

} // namespace

void connection::on_flow(const amqp::flow& flow, bytes& out) {
    // Part 2, section 2.5.6; a null next-incoming-id: the peer has not seen our begin.
    peer_window_ = flow.next_incoming_id.value_or(0) + flow.incoming_window - next_outgoing_;
    if (!flow.handle)
        return;
    auto* on = of_peer(*flow.handle);
    if (!on)
        return fail("the peer sent a flow for a handle that is not attached");
    if (on->role == amqp::role::sender) {
        on->credit = flow.delivery_count.value_or(0) + flow.link_credit.value_or(0) - on->delivery_count;
        if (static_cast<std::int32_t>(on->credit) < 0)
            on->credit = 0;
        if (plan_.token && handle_of(*on) == cbs_sender() && stage_ == stage::opening)
            put(out);
    }
    if (flow.echo)
        write_credit(out, handle_of(*on), on->credit, on->delivery_count);
}

void connection::on_disposition(bytes_view body, bytes& out, std::int64_t now) {
    disposition_fields found;
    if (!read_fast(body, found)) {
        found = {};
        if (!read_any(body, found))
            return fail("the peer sent a malformed disposition");
    }
    if (!found.receiver)
        return found.settled ? on_confirmed(found.first, found.last, now) : void();
    if (found.state == rejected && counts_.problem.empty())
        counts_.problem = "rejected: " + error_in(body);
    if (!found.settled && found.state < accepted)
        return;
    settle(found.first, found.last, found.state, now);
    if (!found.settled) // receiver-settle-mode second
        write_frame(out, amqp::disposition{.receiver = false, .first = found.first, .last = found.last, .settled = true, .state = {}});
}

void connection::settle(std::uint32_t first, std::uint32_t last, std::uint8_t state, std::int64_t now) {
    std::int64_t time = 0;
    std::uint64_t count = 0, size = 0, same = 0;
    const auto flush = [&] {
        if (same > 0 && with_.latency_of_accept)
            counts_.latency.record(now - time, same);
        same = 0;
    };
    ring_.settle(first, last, [&](const delivery_ring::delivery& one) {
        --links_[one.link].unsettled;
        count += one.messages, size += one.size;
        if (one.time != time)
            flush(), time = one.time;
        same += one.messages;
    });
    flush();
    switch (state) {
    case rejected: counts_.rejected += count; break;
    case released:
    case modified: counts_.released += count; break;
    default: counts_.accepted += count, counts_.bytes += size;
    }
}

bool connection::fill(bytes& out, std::int64_t now, pace how, std::size_t burst) {
    if (!ready() || how == pace::still || senders_.empty())
        return false;
    const auto end = out.size() + burst;
    if (rest_.message && !send_rest(out))
        return false;
    bool more = false;
    for (std::size_t i = 0; i < senders_.size() && !rest_.message; ++i) {
        auto& on = links_[senders_[(turn_ + i) % senders_.size()]];
        more = send(on, may_send(on, how), out, now, how, end) || more;
    }
    ++turn_;
    if (!out.empty())
        last_written_ = now;
    return more;
}

/// Deliveries.
std::size_t connection::may_send(const link& on, pace how) const {
    std::size_t count = std::min<std::size_t>({on.credit, ring_.room(), with_.window - std::min(with_.window, on.unsettled), left_});
    if (with_.settled)
        count = std::min<std::size_t>(on.credit, left_);
    return how == pace::scheduled ? std::min(count, on.owed.size()) : count;
}

/// Says whether it ended early, for `out` has reached `end`.
bool connection::send(link& on, std::size_t count, bytes& out, std::int64_t now, pace how, std::size_t end) {
    for (; count > 0; --count) {
        if (out.size() >= end)
            return true;
        if (peer_window_ == 0 || rest_.message || left_ == 0)
            return false;
        send_one(on, out, how == pace::scheduled ? on.owed.pop_front() : now);
    }
    return false;
}

void connection::send_one(link& on, bytes& out, std::int64_t time) {
    const auto& message = with_.messages[on.next_message];
    if (with_.messages.size() > 1)
        on.next_message = (on.next_message + 1) % with_.messages.size();
    const auto handle = handle_of(on);
    const auto id = ring_.next();
    if (with_.settled) {
        ring_.skip();
        counts_.bytes += message.size();
    } else {
        ring_.push({time, handle, message.messages(), static_cast<std::uint32_t>(message.size())});
        ++on.unsettled;
    }
    counts_.sent += message.messages();
    left_ -= std::min<std::uint64_t>(left_, message.messages());
    --on.credit, ++on.delivery_count;
    if (message.size() + transfer_template::head <= peer_max_frame_size_) {
        message.stamp(out, handle, id, time);
        ++next_outgoing_, --peer_window_;
        return;
    }
    rest_ = {&message, handle, id, time, 0};
    send_rest(out);
}

/// Says whether all of it is sent.
bool connection::send_rest(bytes& out) {
    while (peer_window_ > 0) {
        rest_.offset = rest_.message->stamp_part(out, rest_.handle, rest_.id, rest_.time, rest_.offset, peer_max_frame_size_);
        ++next_outgoing_, --peer_window_;
        if (rest_.offset == rest_.message->size()) {
            rest_.message = nullptr;
            return true;
        }
    }
    return false;
}

} // namespace capstan::load
