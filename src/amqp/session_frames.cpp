// begin, end and flow: sessions and their windows (part 2, section 2.5).

#include "amqp/engine.hpp"

namespace capstan::amqp {

/// The live session of the peer's channel. Clients go on talking for a moment on a channel that has ended: that is dropped, not
/// punished (contract/event-hubs.md, section 2.5). On a channel that never began, what ends something (detach, end) finds nothing to
/// end and is dropped as well, for clients tidy up in the wrong order; all else was meant to do something, and closes the connection.
session* connection::engine::session_at(std::uint16_t remote_channel) {
    const auto found = by_remote_channel_.find(remote_channel);
    return found == by_remote_channel_.end() || found->second->local == lifecycle::ended ? nullptr : found->second;
}

/// The same, where a channel that never began closes the connection.
session* connection::engine::begun_session_at(std::uint16_t remote_channel) {
    if (by_remote_channel_.contains(remote_channel) || ended_channels_.contains(remote_channel))
        return session_at(remote_channel);
    fail(condition::illegal_state, "a frame on channel " + std::to_string(remote_channel) + ", which has no session");
    return nullptr;
}

session* connection::engine::session_of(const link& what) const { return sessions_[what.info.channel].get(); }

session* connection::engine::new_session() {
    auto free = std::ranges::find_if(sessions_, [](const auto& each) { return !each; });
    const auto channel = static_cast<std::size_t>(free - sessions_.begin());
    if (channel > std::min(channel_max(), peer_channel_max_) || session_count_ >= settings_.max_sessions)
        return nullptr;
    if (free == sessions_.end())
        free = sessions_.insert(free, nullptr);
    *free = std::make_unique<session>();
    ++session_count_;
    (*free)->local_channel = static_cast<std::uint16_t>(channel);
    (*free)->incoming_window = settings_.incoming_window;
    return free->get();
}

void connection::engine::on_begin(std::uint16_t channel, const amqp::begin& peer, bytes_view) {
    if (by_remote_channel_.contains(channel))
        return fail(condition::illegal_state, "a begin on a channel that has a session");
    session* at = nullptr;
    if (peer.remote_channel) {
        at = *peer.remote_channel < sessions_.size() ? sessions_[*peer.remote_channel].get() : nullptr;
        if (!at || at->remote != lifecycle::unbegun)
            return fail(condition::illegal_state, "a begin that answers none");
    } else {
        at = new_session();
        if (!at)
            return fail(condition::resource_limit_exceeded, "too many sessions");
    }
    at->remote = lifecycle::begun;
    at->remote_channel = channel;
    at->next_incoming_id = peer.next_outgoing_id;
    at->remote_window = peer.incoming_window;
    at->peer_handle_max = peer.handle_max;
    by_remote_channel_.emplace(channel, at);
    ended_channels_.erase(channel);
    if (!peer.remote_channel) {
        at->outgoing_window = peer.incoming_window; // contract/iothub-amqp.md, section 2.5
        write_begin(*at, channel);
    }
}

void connection::engine::write_begin(session& at, std::optional<std::uint16_t> answer_to) {
    at.local = lifecycle::begun;
    amqp::begin ours;
    ours.remote_channel = answer_to;
    ours.next_outgoing_id = at.next_outgoing_id;
    ours.incoming_window = at.incoming_window;
    ours.outgoing_window = at.outgoing_window;
    ours.handle_max = settings_.handle_max;
    write_frame(at.local_channel, ours);
}

std::optional<std::uint16_t> connection::engine::open_session() {
    if (!is_open())
        return std::nullopt;
    auto* at = new_session();
    if (!at)
        return std::nullopt;
    at->outgoing_window = settings_.incoming_window;
    write_begin(*at, std::nullopt);
    return at->local_channel;
}

void connection::engine::on_end(std::uint16_t channel, const amqp::end& peer, bytes_view) {
    const auto found = by_remote_channel_.find(channel);
    if (found == by_remote_channel_.end())
        return;
    session& at = *found->second;
    if (at.local != lifecycle::ended) {
        // A client may end its session on the refusing attach alone: it still gets to hear why.
        for (const auto& each : at.links)
            if (each && each->refused && each->local == lifecycle::begun)
                write_detach(*each, true, each->refused->why);
        write_frame(at.local_channel, amqp::end{});
        end_links(at, decode_error(peer.error), true);
    }
    forget(at);
}

void connection::engine::end_session(std::uint16_t channel, error why) {
    if (stage_ != stage::frames || channel >= sessions_.size() || !sessions_[channel])
        return;
    session& at = *sessions_[channel];
    if (at.local == lifecycle::ended)
        return;
    at.local = lifecycle::ended;
    const auto encoded = encode(fitting(why));
    write_frame(at.local_channel, amqp::end{.error = {encoded}});
    end_links(at, why, false);
}

void connection::engine::fail_session(session& at, error why) {
    if (stage_ == stage::frames && at.local != lifecycle::ended)
        end_session(at.local_channel, worded(std::move(why)));
}

void connection::engine::end_links(session& at, const error& why, bool by_peer) {
    for (std::size_t handle = 0; handle < at.links.size(); ++handle)
        if (at.links[handle])
            forget(*at.links[handle], why, by_peer);
}

void connection::engine::forget(session& at) {
    by_remote_channel_.erase(at.remote_channel);
    ended_channels_.insert(at.remote_channel);
    --session_count_;
    sessions_[at.local_channel].reset();
}

void connection::engine::on_flow(std::uint16_t channel, const amqp::flow& peer, bytes_view) {
    auto* at = begun_session_at(channel);
    if (!at)
        return;
    update_remote_window(*at, peer);
    if (!peer.handle) {
        if (peer.echo)
            write_session_flow(*at);
    } else if (auto* what = link_at(*at, *peer.handle)) {
        on_link_flow(*at, *what, peer);
    }
}

/// Part 2, section 2.5.6. Clients exist that begin to count one off (contract/iothub-amqp.md, section 2.5): the window then is one
/// off too, and nothing else comes of it.
void connection::engine::update_remote_window(session& at, const amqp::flow& peer) {
    const bool stuck = at.remote_window == 0;
    at.remote_window = left_of(peer.incoming_window, peer.next_incoming_id.value_or(at.initial_outgoing_id), at.next_outgoing_id);
    if (at.blocked)
        resume_blocked(at);
    if (!stuck || at.remote_window == 0 || at.blocked)
        return;
    for (const auto& each : at.links)
        if (each && each->open() && each->sends() && (each->credit > 0 || each->draining))
            emit(credited{each->info.id});
}

void connection::engine::write_session_flow(session& at) {
    if (at.local == lifecycle::ended || stage_ != stage::frames)
        return;
    at.incoming_window = settings_.incoming_window;
    amqp::flow ours;
    ours.next_incoming_id = at.next_incoming_id;
    ours.incoming_window = at.incoming_window;
    ours.next_outgoing_id = at.next_outgoing_id;
    ours.outgoing_window = at.outgoing_window;
    write_frame(at.local_channel, ours);
}

} // namespace capstan::amqp
