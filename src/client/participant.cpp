#include "client/participant.hpp"

#include <algorithm>

#include "client/classify.hpp"

namespace capstan::client {
namespace {

/// A link that was up for so long was a good one: the next pause is short again. A hub that accepts links only to end them is not
/// hammered.
constexpr std::chrono::seconds good_while{5};

auto now() { return std::chrono::steady_clock::now(); }

} // namespace

participant::participant(asio::any_io_executor strand, std::optional<token_source> token, const retry_policy& policy)
    : strand_(std::move(strand)), token_(std::move(token)), policy_(policy), backoff_(policy), renewal_(strand_), retry_(strand_) {}

void participant::add(std::shared_ptr<link> added) {
    if (failed_)
        return added->on_failed(*failed_);
    links_.push_back({std::move(added), backoff(policy_)});
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
    asking_ = false;
    if (token_ && with.cbs)
        authorise();
    else
        let_in();
}

void participant::authorise() {
    if (!line_ || asking_)
        return;
    std::string token;
    try {
        token = token_->provider(token_->resource, token_->life);
    } catch (...) { // the application's own code: a vault, say, that cannot be reached now
        const auto why = failure_of(std::current_exception()).description();
        return authorise_again(client_error(errc::unauthorized, "the token provider failed: " + why));
    }
    asking_ = true;
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
    asking_ = false;
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
        let_in();
}

/// Who has been let in before keeps trying: devices are disabled for a while, keys are changed on both sides one after the other.
void participant::token_refused(const client_error& why) {
    if (why.kind() == failure_kind::credentials && !trusted_)
        return fail(why);
    authorise_again(why);
}

/// Links that are up stay so until the hub ends them: a renewal that fails is tried again beside them.
void participant::authorise_again(const client_error& why) {
    const auto pause = backoff_.next();
    if (!pause)
        return fail(why);
    after(renewal_, *pause, &participant::authorise);
    if (authorised_)
        return;
    retry_.cancel(); // links come after the token
    change(connection_change(connection_state::waiting, why, *pause));
}

/// A token is half of it: whoever may attach nothing is not connected.
void participant::let_in() {
    authorised_ = trusted_ = true;
    if (links_.empty())
        change(connection_change(connection_state::connected));
    attach_due();
}

void participant::attach_due() {
    if (!line_)
        return;
    if (!authorised_)
        return authorise();
    std::vector<std::shared_ptr<link>> due; // links may be removed by what they are told
    for (const auto& each : links_)
        if (!each.what->up() && (!each.due || *each.due <= now()))
            due.push_back(each.what);
    for (const auto& each : due)
        if (line_)
            attach(*each);
    wait_for_due();
}

void participant::attach(link& what) {
    auto* kept = find(what);
    if (!kept) // removed by what another link was told
        return;
    kept->due.reset();
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
        return attach_again(*kept, client_error(errc::hub_unavailable, "no more links on this connection"));
    line_->route(*id, keep, this);
    what.attached(line_->to, *id);
    line_->to.wake();
}

void participant::link_accepted(const link& which) {
    auto* kept = find(which);
    if (!kept || kept->accepted)
        return;
    kept->proven = true;
    kept->accepted = now();
    change(connection_change(connection_state::connected));
}

// --- down

void participant::link_detached(const std::shared_ptr<link>& gone, const amqp::error& error) {
    const auto self = shared_from_this();
    const auto why = classify(error);
    gone->lost(why);
    auto* kept = find(*gone);
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
    kept->went_down();
    if (why.kind() == failure_kind::credentials && token_ && line_ && line_->cbs)
        authorised_ = false; // the token has run out, or no longer counts
    attach_again(*kept, why);
}

void participant::attach_again(kept_link& what, const client_error& why) {
    const auto pause = what.again.next();
    if (!pause)
        return fail(why);
    what.due = now() + *pause;
    wait_for_due();
    if (std::ranges::none_of(links_, [](const kept_link& each) { return each.accepted.has_value(); }))
        change(connection_change(connection_state::waiting, why, *pause));
}

void participant::kept_link::went_down() {
    if (accepted && now() - *accepted > good_while)
        again.reset();
    accepted.reset();
}

/// The timer is for the link that is due first.
void participant::wait_for_due() {
    auto soonest = steady_time::max();
    for (const auto& each : links_)
        soonest = std::min(soonest, each.due.value_or(steady_time::max()));
    if (soonest != steady_time::max())
        after(retry_, std::chrono::ceil<std::chrono::milliseconds>(soonest - now()), &participant::attach_due);
}

void participant::offline(const client_error& why) {
    const auto self = shared_from_this();
    line_ = nullptr;
    channel_ = 0;
    authorised_ = false;
    renewal_.cancel();
    retry_.cancel();
    std::vector<std::shared_ptr<link>> up;
    for (auto& each : links_) {
        each.went_down();
        each.due.reset();
        if (each.what->up())
            up.push_back(each.what);
    }
    for (const auto& each : up)
        each->lost(why);
}

void participant::fail(const client_error& why) {
    const auto self = shared_from_this();
    if (failed_)
        return;
    failed_ = why;
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
