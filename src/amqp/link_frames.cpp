// attach and detach (part 2, section 2.6).

#include "amqp/engine.hpp"
#include "amqp/fields.hpp"

namespace capstan::amqp {
namespace {

/// What is wrong with the peer's termini, if anything: an extension's, or one in the other's place.
error objection_to(const link_info& link) {
    using shape = terminus::shape;
    const auto source = link.source_terminus.what, target = link.target_terminus.what;
    if (target == shape::coordinator)
        return {condition::not_implemented, "transactions are not supported"};
    if (source == shape::unknown || target == shape::unknown)
        return {condition::not_implemented, "a source or target of an unknown type"};
    if (source == shape::target || source == shape::coordinator || target == shape::source)
        return {condition::invalid_field, "attach: a source and a target in each other's place"};
    return {};
}

} // namespace

link* connection::engine::find(link_id id) const {
    const auto found = links_.find(static_cast<std::uint32_t>(id));
    return found == links_.end() ? nullptr : found->second;
}

/// The live link at a peer's handle. Frames for one that we have detached are dropped; for a handle never attached the session ends.
link* connection::engine::link_at(session& at, std::uint32_t remote_handle) {
    auto* what = at.at_remote_handle(remote_handle);
    if (!what) {
        fail_session(at, error(condition::unattached_handle, "handle " + std::to_string(remote_handle) + " is not attached"));
        return nullptr;
    }
    return what->local == lifecycle::ended ? nullptr : what;
}

void connection::engine::on_attach(std::uint16_t channel, const amqp::attach& peer, bytes_view) {
    auto* at = begun_session_at(channel);
    if (!at)
        return;
    if (peer.handle > settings_.handle_max)
        return fail(condition::framing_error, "handle above handle-max");
    if (at->at_remote_handle(peer.handle))
        return fail_session(*at, error(condition::handle_in_use, "handle " + std::to_string(peer.handle) + " is in use"));
    const auto ours = peer.receiver ? role::sender : role::receiver;
    auto* what = at->named(peer.link_name, ours);
    if (what && what->remote == lifecycle::unbegun)
        return on_attach_answer(*at, *what, peer);
    // The same name again: the newer link takes over (part 2, section 2.6.1).
    if (what)
        fail_link(*what, error(condition::link_stolen, "the link was attached again"));
    on_new_link(*at, peer);
}

/// More links than there may be are refused. A peer that does not answer these detaches, and so leaves its links half gone, is not
/// listened to for ever.
void connection::engine::on_new_link(session& at, const amqp::attach& peer) {
    const bool too_many = links_.size() >= settings_.max_links;
    if (link_count_ >= 2 * settings_.max_links)
        return fail(condition::resource_limit_exceeded, "too many links on one connection");
    auto* added = new_link(at, peer.receiver ? role::sender : role::receiver, peer.link_name);
    if (!added)
        return fail_session(at, error(condition::resource_limit_exceeded, "more links than the peer has handles for"));
    auto& what = *added;
    what.remote = lifecycle::begun;
    what.remote_handle = peer.handle;
    at.by_remote_handle.emplace(peer.handle, &what);
    if (!learn(what, peer))
        return;
    what.delivery_count = what.sends() ? 0 : peer.initial_delivery_count.value_or(0);
    if (auto objection = objection_to(what.info))
        refuse(what.info.id, worded(std::move(objection)), {});
    else if (too_many)
        refuse(what.info.id, worded(error(condition::resource_limit_exceeded, "too many links on one connection")), {});
    else
        emit(attached{what.info.id, true});
}

/// Null when the peer has no handle for it (part 2, section 2.7.2, handle-max).
link* connection::engine::new_link(session& at, role ours, std::string_view name) {
    auto& added = at.add_link(ours, name);
    if (added.local_handle > at.peer_handle_max) {
        at.remove(added);
        return nullptr;
    }
    added.info.id = static_cast<link_id>(next_link_++);
    links_.emplace(static_cast<std::uint32_t>(added.info.id), &added);
    ++link_count_;
    return &added;
}

/// Copies what the peer says of the link. False when it says nonsense, which closes the connection.
bool connection::engine::learn(link& what, const amqp::attach& peer) {
    const auto copy = [](encoded_view from) { return bytes(from.raw.begin(), from.raw.end()); };
    what.info.source = repeatable(peer.source);
    what.info.target = repeatable(peer.target);
    auto source = decode_terminus({what.info.source});
    auto target = decode_terminus({what.info.target});
    if (!source || !target)
        return fail(!source ? source.error() : target.error()), false;
    if (peer.snd_settle_mode.value_or(0) > 2 || peer.rcv_settle_mode.value_or(0) > 1)
        return fail(condition::invalid_field, "attach: unknown settle mode"), false;
    what.info.snd_settle_mode = peer.snd_settle_mode;
    what.info.rcv_settle_mode = peer.rcv_settle_mode;
    what.info.source_terminus = std::move(*source);
    what.info.target_terminus = std::move(*target);
    what.info.properties = copy(peer.properties);
    what.info.desired_capabilities = decode_symbols(peer.desired_capabilities);
    what.info.max_message_size = peer.max_message_size.value_or(0);
    return true;
}

/// The answer to an attach of ours. Null where we named a terminus of the peer's means: refused, a detach follows (2.6.3).
void connection::engine::on_attach_answer(session& at, link& what, const amqp::attach& peer) {
    what.remote = lifecycle::begun;
    what.remote_handle = peer.handle;
    at.by_remote_handle.emplace(peer.handle, &what);
    if (!learn(what, peer))
        return;
    if (!what.sends())
        what.delivery_count = peer.initial_delivery_count.value_or(0);
    const auto& theirs = what.sends() ? what.info.target_terminus : what.info.source_terminus;
    if (theirs.what == terminus::shape::none)
        return;
    if (auto objection = objection_to(what.info))
        return fail_link(what, std::move(objection));
    what.info.answered = true;
    emit(attached{what.info.id, false});
    if (!what.sends() && what.initial_credit > 0)
        set_credit(what.info.id, what.initial_credit, false);
}

bool connection::engine::accept(link_id id, const attach_answer& answer) {
    auto* what = find(id);
    if (!what || what->local != lifecycle::unbegun || stage_ != stage::frames)
        return false;
    write_attach(*session_of(*what), *what, answer, false);
    what->forget_what_was_answered();
    what->info.answered = true;
    if (!what->sends() && answer.credit > 0)
        set_credit(id, answer.credit, false);
    // The peer may have given credit before it had our answer.
    if (what->sends() && (what->credit > 0 || what->draining))
        emit(credited{id});
    return true;
}

bool connection::engine::refuse(link_id id, error why, std::chrono::milliseconds pause) {
    auto* what = find(id);
    if (!what || what->local != lifecycle::unbegun || stage_ != stage::frames)
        return false;
    write_attach(*session_of(*what), *what, {}, true);
    if (pause.count() == 0)
        return detach(id, why, true);
    out_.end_write();
    what->refused = std::make_unique<refusal>(now_ + pause, std::move(why));
    refused_.push_back(id);
    return true;
}

void connection::engine::write_attach(session& at, link& what, const attach_answer& answer, bool refused) {
    what.local = lifecycle::begun;
    const auto ceiling = answer.max_message_size ? answer.max_message_size : settings_.max_message_size;
    what.max_message_size = what.info.max_message_size ? std::min(what.info.max_message_size, ceiling) : ceiling;
    amqp::attach ours;
    ours.link_name = what.info.name;
    ours.handle = what.local_handle;
    ours.receiver = !what.sends();
    ours.snd_settle_mode = answer.snd_settle_mode;
    ours.rcv_settle_mode = answer.rcv_settle_mode;
    if (refused) {
        ours.snd_settle_mode = what.info.snd_settle_mode;
        ours.rcv_settle_mode = what.info.rcv_settle_mode;
    } else {
        ours.source = {what.info.source};
        ours.target = {what.info.target};
        ours.properties = {what.info.properties};
    }
    what.info.rcv_settle_mode = ours.rcv_settle_mode;
    if (what.sends())
        ours.initial_delivery_count = what.delivery_count;
    ours.max_message_size = what.max_message_size;
    write_frame(at.local_channel, ours);
}

std::optional<link_id> connection::engine::attach(std::uint16_t channel, const attach_request& request) {
    if (stage_ != stage::frames || channel >= sessions_.size() || !sessions_[channel])
        return std::nullopt;
    session& at = *sessions_[channel];
    if (at.local == lifecycle::ended || links_.size() >= settings_.max_links || at.named(request.name, request.role))
        return std::nullopt;
    auto* added = new_link(at, request.role, request.name);
    if (!added)
        return std::nullopt;
    auto& what = *added;
    what.local = lifecycle::begun;
    what.max_message_size = settings_.max_message_size;
    what.initial_credit = request.credit;
    bytes capabilities;
    if (!request.desired_capabilities.empty()) {
        std::vector<symbol_view> symbols; // part 2, section 2.7.3
        for (const std::string& each : request.desired_capabilities) {
            symbols.push_back({each});
        }
        encoder(capabilities).array(symbols);
    }
    amqp::attach ours;
    ours.link_name = request.name;
    ours.handle = what.local_handle;
    ours.receiver = !what.sends();
    ours.snd_settle_mode = request.snd_settle_mode ? std::optional(static_cast<std::uint8_t>(*request.snd_settle_mode)) : std::nullopt;
    ours.rcv_settle_mode = request.rcv_settle_mode ? std::optional(static_cast<std::uint8_t>(*request.rcv_settle_mode)) : std::nullopt;
    ours.source = {request.source};
    ours.target = {request.target};
    ours.properties = {request.properties};
    ours.desired_capabilities = {capabilities};
    if (what.sends())
        ours.initial_delivery_count = 0;
    ours.max_message_size = what.max_message_size;
    write_frame(at.local_channel, ours);
    return what.info.id;
}

void connection::engine::on_detach(std::uint16_t channel, const amqp::detach& peer, bytes_view) {
    auto* at = session_at(channel);
    if (!at)
        return;
    auto* what = at->at_remote_handle(peer.handle);
    if (!what)
        return fail_session(*at, error(condition::unattached_handle, "detach of a handle that is not attached"));
    if (what->local == lifecycle::begun)
        write_detach(*what, peer.closed || what->refused, what->refused ? what->refused->why : error());
    if (what->local == lifecycle::unbegun) {
        // It was not answered yet: the standard wants the attach before the detach (2.6.4).
        write_attach(*at, *what, {}, true);
        write_detach(*what, peer.closed, {});
    }
    forget(*what, decode_error(peer.error), true);
}

void connection::engine::write_detach(const link& what, bool closed, const error& why) {
    const auto encoded = encode(fitting(why));
    write_frame(what.info.channel, amqp::detach{.handle = what.local_handle, .closed = closed, .error = {encoded}});
}

/// Our end is over; the handle stays taken until the peer has detached too.
bool connection::engine::detach(link_id id, const error& why, bool closed) {
    auto* what = find(id);
    if (!what || what->local == lifecycle::ended || stage_ != stage::frames)
        return false;
    if (what->local == lifecycle::unbegun)
        return refuse(id, why, {});
    write_detach(*what, closed, why);
    what->local = lifecycle::ended;
    drop_partial(*what);
    what->forget_peers_words();
    session_of(*what)->forget_deliveries(*what);
    forget_events(id);
    links_.erase(static_cast<std::uint32_t>(id));
    return true;
}

/// What was to be told of a link that its owner has given up.
void connection::engine::forget_events(link_id id) {
    const auto of_link = [id](const auto& each) {
        if constexpr (requires { each.link; })
            return each.link == id;
        return false;
    };
    const auto waiting = events_.begin() + static_cast<std::ptrdiff_t>(next_event_);
    events_.erase(std::remove_if(waiting, events_.end(), [&](const event& each) { return std::visit(of_link, each); }), events_.end());
}

void connection::engine::fail_link(link& what, error why) {
    if (what.local == lifecycle::ended || stage_ != stage::frames)
        return;
    const auto id = what.info.id;
    why = worded(std::move(why));
    if (detach(id, why, true))
        emit(detached{id, std::move(why), false});
}

/// Both ends are over.
void connection::engine::forget(link& what, const error& why, bool by_peer) {
    if (what.local != lifecycle::ended)
        emit(detached{what.info.id, why, by_peer});
    if (what.refused)
        std::erase(refused_, what.info.id);
    drop_partial(what);
    links_.erase(static_cast<std::uint32_t>(what.info.id));
    --link_count_;
    auto& at = *session_of(what);
    at.forget_deliveries(what);
    at.remove(what);
}

} // namespace capstan::amqp
