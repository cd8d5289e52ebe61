#include "client/events/event_session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/strand.hpp>

#include "auth/random.hpp"
#include "client/blocking_work.hpp"
#include "client/endpoints.hpp"
#include "client/events/redirect_link.hpp"

namespace capstan::client {
namespace {

constexpr std::uint32_t default_prefetch = 300;
constexpr std::chrono::milliseconds pause_between_questions{500};

} // namespace

std::shared_ptr<event_session> event_session::create(const asio::any_io_executor& executor, event_source where, event_options what,
                                                     const client_options& options) {
    if (what.balance_expiry() && !what.checkpoints())
        throw client_error(errc::invalid_argument, "partitions can be shared only by way of a checkpoint store");
    return std::shared_ptr<event_session>(new event_session(executor, std::move(where), std::move(what), options));
}

event_session::event_session(const asio::any_io_executor& executor, event_source where, event_options what, const client_options& options)
    : strand_(asio::make_strand(executor)), where_(std::move(where)), what_(std::move(what)), options_(options), self_(auth::random_uuid()),
      timer_(strand_) {}

// --- on the way

void event_session::begin() {
    if (std::exchange(begun_, true) || ended_)
        return;
    if (where_.hub_host.empty())
        connect();
    else
        ask_for_redirect();
}

void event_session::ask_for_redirect() {
    const auto host = without_port(where_.hub_host);
    auto connection = std::make_shared<hub_connection>(strand_, hub_endpoint(where_.hub_host, options_), options_, true);
    auto who = std::make_shared<participant>(strand_, token_source{host, host, where_.tokens, options_.token_life()}, options_.retry());
    auto found = [weak = weak_from_this()](std::string there, std::string entity) {
        const auto self = weak.lock();
        if (!self || self->ended_)
            return;
        self->where_.host = std::move(there);
        self->where_.entity = std::move(entity);
        self->participant_->on_failed = nullptr; // it goes because it has done its work
        auto done = std::exchange(self->connection_, nullptr);
        asio::post(self->strand_, [self, done] {
            done->close();
            self->connect();
        });
    };
    auto failed = [weak = weak_from_this()](const client_error& why) {
        if (const auto self = weak.lock(); self && why.reason() != errc::closed)
            self->fail(why);
    };
    who->add(std::make_shared<redirect_link>(std::move(found), std::move(failed)));
    run(std::move(connection), std::move(who));
}

void event_session::connect() {
    if (ended_)
        return;
    const auto resource = "sb://" + without_port(where_.host) + "/" + where_.entity;
    auto connection = std::make_shared<hub_connection>(strand_, event_hub_endpoint(where_.host, options_), options_, true);
    auto who =
        std::make_shared<participant>(strand_, token_source{resource, resource, where_.tokens, options_.token_life()}, options_.retry());
    questions_ = std::make_shared<event_hub_questions>(strand_, where_.entity, "management-" + self_, options_.operation_time_out());
    who->add(questions_->requests());
    who->add(questions_->replies());
    run(std::move(connection), std::move(who));
    discover();
}

/// The connection lives for as long as we do, or until it gives up.
void event_session::run(std::shared_ptr<hub_connection> connection, std::shared_ptr<participant> who) {
    connection_ = connection;
    participant_ = std::move(who);
    participant_->observe([weak = weak_from_this()](const connection_change& change) {
        const auto self = weak.lock();
        // The connection that is redirected is a step on the way.
        const bool on_the_way = self && !self->questions_ && change.state() == connection_state::connected;
        if (self && self->observer_ && !on_the_way && (change.state() != connection_state::closed || self->ended_))
            self->observer_(change);
    });
    participant_->on_failed = [weak = weak_from_this()](const client_error& why) {
        if (const auto self = weak.lock())
            self->fail(why);
    };
    connection_->add(participant_);
    asio::co_spawn(strand_, connection->run(), [connection](const std::exception_ptr&) {}); // its participant hears why
}

void event_session::discover() {
    questions_->ask_partitions([weak = weak_from_this()](event_hub_questions::infos found) {
        const auto self = weak.lock();
        if (!self || self->ended_)
            return;
        if (found)
            return self->start_reading(*found);
        if (found.error().kind() == failure_kind::transient || found.error().kind() == failure_kind::limit)
            return self->later(pause_between_questions, &event_session::discover);
        self->fail(found.error());
    });
}

void event_session::start_reading(const std::vector<partition_info>& all) {
    known_ = all;
    if (!what_.partitions().empty())
        std::erase_if(
            known_, [&](const partition_info& each) { return std::ranges::find(what_.partitions(), each.id) == what_.partitions().end(); });
    if (known_.size() < what_.partitions().size())
        return fail(client_error(errc::not_found, "the event hub has not all of these partitions"));
    reading_ = true;
    answer_infos();
    what_.balance_expiry() ? balance() : read_all();
}

void event_session::read_all() {
    auto begin = [weak = weak_from_this()](const std::expected<std::vector<capstan::checkpoint>, client_error>& done) {
        const auto self = weak.lock();
        if (!self || self->ended_)
            return;
        if (!done)
            return self->fail(done.error());
        for (const auto& each : self->known_)
            self->read_partition(each, *done, self->what_.owner_level());
    };
    if (!what_.checkpoints())
        return begin(std::vector<capstan::checkpoint>());
    run_blocking(strand_, [from = what_.checkpoints()] { return from->checkpoints(); }, std::move(begin));
}

void event_session::read_partition(const partition_info& which, const std::vector<capstan::checkpoint>& done,
                                   std::optional<std::int64_t> owner_level) {
    partition_link::settings how{where_.entity, what_.consumer_group(),
                                 which.id,      beginning(which, done),
                                 owner_level,   options_.prefetch().value_or(default_prefetch)};
    auto came = [weak = weak_from_this()](event what) {
        if (const auto self = weak.lock())
            self->arrived(std::move(what));
    };
    auto failed = [weak = weak_from_this()](const std::string& partition, const client_error& why) {
        if (const auto self = weak.lock())
            self->partition_failed(partition, why);
    };
    const auto made = std::make_shared<partition_link>(std::move(how), std::move(came), std::move(failed));
    links_[which.id] = made;
    participant_->add(made);
}

/// Behind the checkpoint, or where the options say. "Latest" is made a number at once: a connection that is lost before the first event
/// must not lose what came meanwhile.
std::string event_session::beginning(const partition_info& which, const std::vector<capstan::checkpoint>& done) const {
    if (const auto found = std::ranges::find(done, which.id, &capstan::checkpoint::partition); found != done.end())
        return event_position::after_sequence_number(found->sequence_number).selector();
    if (from_now_on())
        return event_position::after_sequence_number(which.last_sequence_number).selector();
    return what_.from().selector();
}

// --- sharing partitions with others

void event_session::balance() {
    if (ended_)
        return;
    auto round = [store = what_.checkpoints(), all = known_, self = self_, expiry = *what_.balance_expiry(), latest = from_now_on()] {
        return claim_share(*store, all, self, expiry, latest);
    };
    auto then = [weak = weak_from_this()](const std::expected<partition_share, client_error>& mine) {
        const auto self = weak.lock();
        if (!self || self->ended_)
            return;
        if (!mine)
            return self->fail(mine.error());
        self->take_over(*mine);
        self->later(*self->what_.balance_expiry() / 3, &event_session::balance);
    };
    run_blocking(strand_, std::move(round), std::move(then));
}

void event_session::take_over(const partition_share& mine) {
    claims_.clear();
    for (const auto& claim : mine.held)
        claims_[claim.partition] = claim;
    for (const auto& [partition, link] : std::map(links_)) // what another reader has claimed meanwhile
        if (!claims_.contains(partition))
            give_up(partition);
    for (const auto& claim : mine.held)
        if (!links_.contains(claim.partition))
            read_partition(*std::ranges::find(known_, claim.partition, &partition_info::id), mine.done, claim.level);
}

/// What has come of it and was not taken is for the reader that has it now.
void event_session::give_up(const std::string& partition) {
    claims_.erase(partition);
    std::erase_if(arrived_, [&](const event& each) { return each.partition() == partition; });
    if (auto gone = links_.extract(partition))
        participant_->remove(*gone.mapped());
}

// --- the user's side

void event_session::next(next_event then) {
    begin();
    const auto which = next_ticket_++;
    then.cancel().assign([weak = weak_from_this(), which] {
        if (const auto self = weak.lock())
            self->cancel(which);
    });
    waiting_.emplace(which, std::move(then));
    hand_over();
}

void event_session::cancel(ticket which) {
    if (auto cancelled = waiting_.extract(which))
        cancelled.mapped().fail(client_error(errc::canceled));
}

void event_session::arrived(event what) {
    arrived_.push_back(std::move(what));
    hand_over();
}

void event_session::hand_over() {
    while (!waiting_.empty() && !(arrived_.empty() && problems_.empty() && !ended_)) {
        auto first = waiting_.extract(waiting_.begin());
        if (!arrived_.empty()) {
            auto what = std::move(arrived_.front());
            arrived_.pop_front();
            if (const auto from = links_.find(what.partition()); from != links_.end())
                from->second->taken();
            first.mapped().succeed(std::move(what));
        } else if (!problems_.empty()) {
            first.mapped().fail(problems_.front());
            problems_.pop_front();
        } else if (ended_->reason() == errc::closed) {
            first.mapped().succeed(std::nullopt);
        } else {
            first.mapped().fail(*ended_);
        }
    }
}

void event_session::checkpoint(const capstan::checkpoint& done, completion<> then) {
    if (!what_.checkpoints())
        return then.fail(client_error(errc::invalid_argument, "there is no checkpoint store: event_options::checkpoints"));
    const auto claim = claims_.find(done.partition);
    const bool shared = what_.balance_expiry().has_value();
    if (shared && claim == claims_.end())
        return then.fail(client_error(errc::stolen, "another reader has partition " + done.partition));
    const auto open = std::make_shared<completion<>>(std::move(then));
    open->cancel().assign([weak = std::weak_ptr(open)] {
        if (const auto cancelled = weak.lock())
            cancelled->fail(client_error(errc::canceled));
    });
    auto save = [to = what_.checkpoints(), done, by = shared ? std::optional(claim->second) : std::nullopt] {
        to->save(done, by);
        return true;
    };
    auto saved = [open](const std::expected<bool, client_error>& outcome) { outcome ? open->succeed() : open->fail(outcome.error()); };
    run_blocking(strand_, std::move(save), std::move(saved));
}

void event_session::partitions(partition_infos then) {
    begin();
    if (ended_)
        return then.fail(*ended_);
    const auto which = next_ticket_++;
    then.cancel().assign([weak = weak_from_this(), which] {
        if (const auto self = weak.lock())
            self->answer(which, std::unexpected(client_error(errc::canceled)));
    });
    auto& open = asking_.emplace(which, open_question{std::move(then), asio::steady_timer(strand_)}).first->second;
    open.limit.expires_after(options_.operation_time_out());
    open.limit.async_wait([weak = weak_from_this(), which](boost::system::error_code answered) {
        if (const auto self = weak.lock(); self && !answered)
            self->answer(which, std::unexpected(client_error(errc::timed_out, "no answer from the event hub")));
    });
    if (reading_)
        answer_infos();
}

void event_session::answer_infos() {
    for (auto& [which, open] : asking_) {
        if (std::exchange(open.asked, true))
            continue;
        questions_->ask_partitions([weak = weak_from_this(), which](event_hub_questions::infos found) {
            if (const auto self = weak.lock())
                self->answer(which, std::move(found));
        });
    }
}

void event_session::answer(ticket which, event_hub_questions::infos found) {
    auto answered = asking_.extract(which);
    if (!answered)
        return;
    auto& then = answered.mapped().then;
    found ? then.succeed(*std::move(found)) : then.fail(found.error());
}

// --- the end

/// Of one partition. One that is shared was claimed by another reader; otherwise the user hears of it.
void event_session::partition_failed(const std::string& partition, const client_error& why) {
    links_.erase(partition);
    if (ended_ || why.reason() == errc::closed)
        return;
    if (what_.balance_expiry() && why.reason() == errc::stolen)
        return give_up(partition);
    problems_.push_back(why);
    hand_over();
}

void event_session::fail(const client_error& why) {
    if (ended_)
        return;
    ended_ = why;
    timer_.cancel();
    if (questions_)
        questions_->fail(why);
    if (connection_)
        connection_->close(why);
    links_.clear();
    if (what_.balance_expiry() && reading_) { // what cannot be written runs out
        auto release = [store = what_.checkpoints(), self = self_] { return release_share(*store, self), true; };
        run_blocking(strand_, std::move(release), [](const std::expected<bool, client_error>&) {});
    }
    for (auto& [which, open] : std::exchange(asking_, {}))
        open.then.fail(why);
    hand_over();
}

void event_session::close() {
    const auto self = shared_from_this();
    arrived_.clear();
    fail(client_error(errc::closed));
}

void event_session::later(std::chrono::milliseconds pause, void (event_session::*then)()) {
    timer_.expires_after(pause);
    timer_.async_wait([weak = weak_from_this(), then](boost::system::error_code cancelled) {
        if (const auto self = weak.lock(); self && !cancelled)
            ((*self).*then)();
    });
}

} // namespace capstan::client
