#include "client/participant.hpp"

#include <algorithm>

#include "client/classify.hpp"

namespace capstan::client {

participant::participant(asio::any_io_executor strand, std::optional<token_source> token, const retry_policy& policy)
    : strand_(std::move(strand)), token_(std::move(token)), backoff_(policy), renewal_(strand_), retry_(strand_) {}

void participant::add(std::shared_ptr<link> added) {
    if (failed_)
        return added->on_failed(client_error(errc::closed));
    links_.push_back({std::move(added)});
    if (line_ && authorised_)
        attach(*links_.back().what);
}

void participant::remove(const link& gone) {
    if (gone.up() && line_) {
        line_->to.engine.detach(gone.id());
        line_->to.wake();
    }
    std::erase_if(links_, [&](const kept_link& each) { return each.what.get() == &gone; });
}

// --- up: token first, links after

void participant::connecting() { change(connection_change(connection_state::connecting)); }

void participant::online(line& with) {
    line_ = &with;
    ++connection_;
    if (token_ && with.cbs)
        authorise();
    else
        attach_all();
}

void participant::authorise() {
    if (!line_)
        return;
    std::string token;
    try {
        token = token_->provider(token_->resource, token_->life);
    } catch (const std::exception& error) { // the application's own code
        return token_refused(client_error(errc::unauthorized, std::string("the token provider failed: ") + error.what()));
    }
    amqp::map properties;
    properties.entries = {{amqp::value("operation"), amqp::value("put-token")},
                          {amqp::value("type"), amqp::value("servicebus.windows.net:sastoken")},
                          {amqp::value("name"), amqp::value(token_->audience)}};
    auto done = [weak = weak_from_this(), token, connection = connection_](const std::expected<reply, client_error>& answer) {
        if (const auto self = weak.lock(); self && self->connection_ == connection && self->line_)
            self->token_answered(token, answer);
    };
    line_->cbs->ask(properties, amqp::value(token), std::move(done));
}

void participant::token_answered(const std::string& token, const std::expected<reply, client_error>& answer) {
    if (!answer)
        return token_refused(answer.error());
    if (answer->status < 200 || answer->status > 299) {
        auto why = classify_status(answer->status, answer->description);
        if (why.reason() == errc::not_found)
            why = client_error(errc::unknown_device, why.description(), why.condition());
        return token_refused(why);
    }
    backoff_.reset();
    after(renewal_, renew_after(token, std::chrono::system_clock::now(), token_->life), &participant::authorise);
    if (!authorised_)
        attach_all();
}

/// Who has been let in before keeps trying: devices are disabled for a while, keys are changed on both sides one after the other.
void participant::token_refused(const client_error& why) {
    if (why.kind() == failure_kind::credentials && !trusted_)
        return fail(why);
    try_again(why);
}

void participant::try_again(const client_error& why) {
    const auto pause = backoff_.next();
    if (!pause)
        return fail(why);
    if (!authorised_)
        change(connection_change(connection_state::waiting, why, *pause));
    after(retry_, *pause, authorised_ ? &participant::attach_all : &participant::authorise);
}

void participant::attach_all() {
    if (!line_)
        return;
    authorised_ = trusted_ = true;
    change(connection_change(connection_state::connected));
    const auto links = links_; // links may be removed by what they are told
    for (const auto& each : links)
        if (!each.what->up() && line_)
            attach(*each.what);
}

void participant::attach(link& what) {
    const auto* kept = find(what);
    if (!kept) // removed by what another link was told
        return;
    const auto keep = kept->what;
    auto& engine = line_->to.engine;
    const auto request = what.request();
    auto id = channel_ != 0 ? engine.attach(channel_ - 1, request) : std::nullopt;
    if (!id) { // no session yet, or the peer has ended it
        const auto channel = engine.open_session();
        channel_ = channel ? static_cast<std::uint16_t>(*channel + 1) : 0;
        id = channel ? engine.attach(*channel, request) : std::nullopt;
    }
    if (!id)
        return try_again(client_error(errc::hub_unavailable, "no more links on this connection"));
    line_->route(*id, keep, this);
    what.attached(line_->to, *id);
    line_->to.wake();
}

// --- down

void participant::link_detached(const std::shared_ptr<link>& gone, const amqp::error& error) {
    const auto self = shared_from_this();
    auto* kept = find(*gone);
    const auto why = classify(error);
    gone->lost(why);
    if (!kept)
        return;
    const bool redirected = error.condition == amqp::condition::link_redirect && gone->on_redirect(error);
    const bool comes_again = why.kind() == failure_kind::transient || why.kind() == failure_kind::limit ||
                             (why.kind() == failure_kind::credentials && kept->proven);
    if (redirected || !comes_again) {
        remove(*gone);
        if (!redirected)
            gone->on_failed(why);
        return;
    }
    if (why.kind() == failure_kind::credentials && token_ && line_ && line_->cbs)
        authorised_ = false; // the token has run out, or no longer counts
    try_again(why);
}

void participant::proven(const link& works) {
    if (auto* kept = find(works))
        kept->proven = true;
    backoff_.reset();
}

void participant::offline(const client_error& why) {
    const auto self = shared_from_this();
    line_ = nullptr;
    channel_ = 0;
    authorised_ = false;
    renewal_.cancel();
    retry_.cancel();
    const auto links = links_;
    for (const auto& each : links)
        if (each.what->up())
            each.what->lost(why);
}

void participant::fail(const client_error& why) {
    const auto self = shared_from_this();
    if (std::exchange(failed_, true))
        return;
    renewal_.cancel();
    retry_.cancel();
    const auto links = std::exchange(links_, {});
    for (const auto& each : links) {
        if (each.what->up() && line_) {
            line_->to.engine.detach(each.what->id());
            line_->to.wake();
        }
        each.what->on_failed(why);
    }
    change(connection_change(connection_state::closed, why));
    if (on_failed)
        on_failed(why);
}

// --- helpers

void participant::after(asio::steady_timer& timer, std::chrono::milliseconds pause, void (participant::*then)()) {
    timer.expires_after(pause);
    timer.async_wait([weak = weak_from_this(), then](boost::system::error_code cancelled) {
        if (const auto self = weak.lock(); self && !cancelled && !self->failed_)
            ((*self).*then)();
    });
}

participant::kept_link* participant::find(const link& what) {
    const auto found = std::ranges::find_if(links_, [&](const kept_link& each) { return each.what.get() == &what; });
    return found == links_.end() ? nullptr : &*found;
}

void participant::change(connection_change to) {
    if (std::exchange(state_, to.state()) == to.state() && to.state() != connection_state::waiting)
        return;
    if (observer_)
        observer_(to);
}

} // namespace capstan::client
