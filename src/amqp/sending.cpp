// Links on which we send: credit, transfers, and what the peer makes of them (part 2, sections 2.6.7 to 2.6.14).

#include "amqp/engine.hpp"

namespace capstan::amqp {

void connection::engine::on_link_flow(session& at, link& what, const amqp::flow& peer) {
    if (what.sends()) {
        if (peer.link_credit)
            what.credit = left_of(*peer.link_credit, peer.delivery_count.value_or(0), what.delivery_count);
        what.draining = peer.drain;
        if (what.open())
            emit(credited{what.info.id});
    } else if (peer.delivery_count) {
        take_delivery_count(what, *peer.delivery_count);
    }
    if (peer.echo)
        write_link_flow(at, what);
}

/// Of a link on which we receive the sender counts: what it steps over it has given back of its credit, drained or not (part 2,
/// section 2.6.7). A count that lies behind ours was written before what has come since.
void connection::engine::take_delivery_count(link& what, std::uint32_t theirs) {
    if (serial_less(theirs, what.delivery_count))
        return;
    const auto before = what.credit;
    what.credit -= std::min(what.credit, theirs - what.delivery_count);
    what.delivery_count = theirs;
    if (what.credit > 0 || (before == 0 && !what.draining))
        return;
    what.draining = false;
    if (what.open())
        emit(credited{what.info.id});
}

void connection::engine::write_link_flow(session& at, link& what) {
    if (at.local == lifecycle::ended || what.local != lifecycle::begun || stage_ != stage::frames)
        return;
    at.incoming_window = settings_.incoming_window;
    amqp::flow ours;
    ours.next_incoming_id = at.next_incoming_id;
    ours.incoming_window = at.incoming_window;
    ours.next_outgoing_id = at.next_outgoing_id;
    ours.outgoing_window = at.outgoing_window;
    ours.handle = what.local_handle;
    ours.delivery_count = what.delivery_count;
    ours.link_credit = what.credit;
    ours.available = 0;
    ours.drain = what.draining;
    write_frame(at.local_channel, ours);
}

std::uint32_t connection::engine::credit(link_id id) const {
    const auto* what = find(id);
    if (!what || !what->sends() || !what->open() || stage_ != stage::frames)
        return 0;
    const auto* at = session_of(*what);
    return at->blocked || at->remote_window == 0 ? 0 : what->credit;
}

void connection::engine::drained(link_id id) {
    auto* what = find(id);
    if (!what || !what->sends() || !what->draining || !what->open())
        return;
    if (const auto& blocked = session_of(*what)->blocked; blocked && blocked->link == id)
        return; // the last delivery is still being sent
    what->delivery_count += std::exchange(what->credit, 0);
    write_link_flow(*session_of(*what), *what);
    what->draining = false;
}

std::optional<delivery_id> connection::engine::send(link_id id, bytes_view tag, std::span<const bytes_view> pieces, send_options options) {
    if (credit(id) == 0 || tag.size() > max_tag_size)
        return std::nullopt;
    auto& what = *find(id);
    auto& at = *session_of(what);
    std::size_t total = 0;
    for (const auto& piece : pieces)
        total += piece.size();
    if (what.info.max_message_size != 0 && total > what.info.max_message_size) {
        fail_link(what, error(condition::message_size_exceeded, "a message of " + std::to_string(total) +
                                                                    " bytes is larger than the receiver's max-message-size of " +
                                                                    std::to_string(what.info.max_message_size)));
        return std::nullopt;
    }
    const auto number = at.next_delivery_id++;
    what.delivery_count += 1;
    what.credit -= 1;
    if (!options.settled)
        at.sent.emplace(number, id);

    amqp::transfer frame;
    frame.handle = what.local_handle;
    frame.delivery_id = number;
    frame.delivery_tag = tag;
    frame.message_format = options.message_format;
    frame.settled = options.settled;
    std::size_t written = 0;
    do {
        if (at.remote_window == 0) {
            auto rest = std::make_unique<blocked_delivery>(id);
            for (const auto& piece : pieces)
                rest->rest.insert(rest->rest.end(), piece.begin(), piece.end());
            rest->rest.erase(rest->rest.begin(), rest->rest.begin() + static_cast<std::ptrdiff_t>(written));
            at.blocked = std::move(rest);
            break;
        }
        written += write_transfer(at, frame, pieces, written, total);
        frame = amqp::transfer{};
        frame.handle = what.local_handle;
    } while (written < total);
    return static_cast<delivery_id>(number);
}

/// One frame with as much as fits of the pieces after the first `skip` bytes. Gives how much that was.
std::size_t connection::engine::write_transfer(session& at, amqp::transfer& frame, std::span<const bytes_view> pieces, std::size_t skip,
                                               std::size_t total) {
    const std::size_t limit = std::min(peer_max_frame_size_, settings_.max_frame_size);
    // A transfer's fields with the longest tag take 64 bytes.
    const auto room = limit - header_size - 64;
    const auto length = std::min(total - skip, room);
    frame.more = skip + length < total;
    auto& out = out_.tail();
    const auto start = begin_frame(out, frame_type::amqp, at.local_channel);
    encoder to(out);
    write(to, frame);
    auto left = length;
    for (auto piece : pieces) {
        const auto passed = std::min(skip, piece.size());
        skip -= passed;
        piece = piece.subspan(passed, std::min(piece.size() - passed, left));
        left -= piece.size();
        out.insert(out.end(), piece.begin(), piece.end());
    }
    finish_frame(out, start);
    at.next_outgoing_id += 1;
    at.remote_window -= 1;
    return length;
}

void connection::engine::resume_blocked(session& at) {
    const auto* what = find(at.blocked->link);
    if (!what)
        return at.blocked.reset();
    const bytes_view rest = at.blocked->rest;
    while (at.remote_window > 0 && at.blocked->written < rest.size()) {
        amqp::transfer frame;
        frame.handle = what->local_handle;
        at.blocked->written += write_transfer(at, frame, {&rest, 1}, at.blocked->written, rest.size());
    }
    if (at.blocked->written == rest.size())
        at.blocked.reset();
}

bool connection::engine::confirm(link_id id, delivery_id first, delivery_id last, const delivery_state& state) {
    auto* what = find(id);
    if (!what || !what->sends() || stage_ != stage::frames ||
        serial_less(static_cast<std::uint32_t>(last), static_cast<std::uint32_t>(first)))
        return false;
    auto& at = *session_of(*what);
    for (auto number = static_cast<std::uint32_t>(first);; ++number) {
        at.sent.erase(number);
        if (number == static_cast<std::uint32_t>(last))
            break;
    }
    write_disposition(at.local_channel, role::sender, first, last, state, true);
    return true;
}

void connection::engine::write_disposition(std::uint16_t channel, role ours, delivery_id first, delivery_id last,
                                           const delivery_state& state, bool settled) {
    auto fitted = state;
    fitted.error = fitting(state.error);
    const auto encoded = encode(fitted);
    amqp::disposition frame;
    frame.receiver = ours == role::receiver;
    frame.first = static_cast<std::uint32_t>(first);
    if (last != first)
        frame.last = static_cast<std::uint32_t>(last);
    frame.settled = settled;
    frame.state = {encoded};
    write_frame(channel, frame);
}

void connection::engine::on_disposition(std::uint16_t channel, const amqp::disposition& peer, bytes_view) {
    auto* at = begun_session_at(channel);
    if (!at)
        return;
    const auto state = decode_state(peer.state);
    if (!state)
        return fail(state.error());
    if (serial_less(peer.last.value_or(peer.first), peer.first))
        return fail(condition::invalid_field, "disposition: last before first");
    // A receiver speaks of what we sent, a sender of what it sent itself.
    report(peer.receiver ? at->sent : at->received, peer, *state);
}

/// Tells the owner, one event per run of neighbouring deliveries of one link. What is not known (settled long ago, or never sent)
/// is passed over, so a range costs no more than the deliveries that there are.
void connection::engine::report(unsettled_map& deliveries, const amqp::disposition& peer, const delivery_state& state) {
    const auto last = peer.last.value_or(peer.first);
    std::vector<std::uint32_t> found;
    if (last - peer.first < deliveries.size()) {
        for (auto number = peer.first;; ++number) {
            if (deliveries.contains(number))
                found.push_back(number);
            if (number == last)
                break;
        }
    } else {
        for (const auto& [number, link] : deliveries)
            if (number - peer.first <= last - peer.first)
                found.push_back(number);
        std::ranges::sort(found, {}, [&](std::uint32_t number) { return number - peer.first; });
    }
    for (std::size_t from = 0; from < found.size();) {
        const auto link = deliveries.at(found[from]);
        std::size_t to = from + 1;
        while (to < found.size() && found[to] == found[to - 1] + 1 && deliveries.at(found[to]) == link)
            ++to;
        emit(disposed{link, static_cast<delivery_id>(found[from]), static_cast<delivery_id>(found[to - 1]), state, peer.settled});
        from = to;
    }
    if (peer.settled)
        for (const auto number : found)
            deliveries.erase(number);
}

} // namespace capstan::amqp
