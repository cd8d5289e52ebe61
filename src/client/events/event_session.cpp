#include "client/events/event_session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/strand.hpp>

#include "auth/random.hpp"
#include "client/classify.hpp"
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
    management_ = std::make_unique<request_response>("$management", "management-" + self_);
    who->add(management_->requests());
    who->add(management_->replies());
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
        const bool on_the_way = self && !self->management_ && change.state() == connection_state::connected;
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
    ask_partitions([weak = weak_from_this()](infos found) {
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
    if (what_.balance_expiry())
        return balance();
    for (const auto& each : known_)
        read_partition(each, what_.owner_level());
}

void event_session::read_partition(const partition_info& which, std::optional<std::int64_t> owner_level) {
    std::string selector;
    try {
        selector = beginning(which);
    } catch (const std::exception& error) { // the checkpoint store's
        return fail(failure_of(std::current_exception()));
    }
    partition_link::settings how{
        where_.entity, what_.consumer_group(), which.id, std::move(selector), owner_level, options_.prefetch().value_or(default_prefetch)};
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
std::string event_session::beginning(const partition_info& which) {
    if (what_.checkpoints())
        for (const auto& done : what_.checkpoints()->checkpoints())
            if (done.partition == which.id && done.sequence_number >= 0)
                return event_position::after_sequence_number(done.sequence_number).selector();
    if (what_.from().selector() == event_position::latest().selector() && !what_.balance_expiry())
        return event_position::after_sequence_number(which.last_sequence_number).selector();
    return what_.from().selector();
}

// --- sharing partitions with others

void event_session::balance() {
    if (ended_)
        return;
    try {
        const auto owners = what_.checkpoints()->ownerships();
        std::vector<std::string> ids;
        for (const auto& each : known_)
            ids.push_back(each.id);
        take_over(plan_balance(ids, owners, self_, std::chrono::system_clock::now(), *what_.balance_expiry()), owners);
    } catch (const std::exception&) { // the checkpoint store's
        return fail(failure_of(std::current_exception()));
    }
    later(*what_.balance_expiry() / 3, &event_session::balance);
}

void event_session::take_over(const balance_plan& plan, const std::vector<ownership>& owners) {
    auto wanted = plan.renew;
    wanted.insert(wanted.end(), plan.claim.begin(), plan.claim.end());
    for (const auto& [partition, link] : std::map(links_)) // what another reader has claimed meanwhile
        if (std::ranges::find(wanted, partition) == wanted.end())
            give_up(partition);
    for (const auto& partition : wanted) {
        const auto found = std::ranges::find(owners, partition, &ownership::partition);
        const auto seen = found == owners.end() ? std::nullopt : std::optional(*found);
        ownership claim;
        claim.partition = partition;
        claim.owner = self_;
        claim.level = !seen ? 1 : seen->level + (seen->owner == self_ ? 0 : 1);
        claim.renewed = std::chrono::system_clock::now();
        if (!what_.checkpoints()->claim(claim, seen))
            give_up(partition);
        else if (!links_.contains(partition))
            read_partition(*std::ranges::find(known_, partition, &partition_info::id), claim.level);
    }
}

/// Others need not wait until our claims have run out. What cannot be written runs out.
void event_session::release_claims() {
    try {
        for (const auto& held : what_.checkpoints()->ownerships()) {
            if (held.owner != self_)
                continue;
            auto released = held;
            released.owner.clear();
            what_.checkpoints()->claim(released, held);
        }
    } catch (const std::exception&) {
        return;
    }
}

void event_session::give_up(const std::string& partition) {
    if (auto gone = links_.extract(partition))
        participant_->remove(*gone.mapped());
}

// --- management: contract/event-hubs.md, section 3

amqp::map event_session::question(std::string_view type) const {
    amqp::map properties;
    properties.entries.emplace_back("operation", "READ");
    properties.entries.emplace_back("name", where_.entity);
    properties.entries.emplace_back("type", type);
    return properties;
}

void event_session::ask_partitions(std::move_only_function<void(infos)> then) {
    auto done = [weak = weak_from_this(), then = std::move(then)](const std::expected<reply, client_error>& answer) mutable {
        const auto self = weak.lock();
        if (!self)
            return;
        if (!answer)
            return then(std::unexpected(answer.error()));
        if (answer->status != 200)
            return then(std::unexpected(classify_status(answer->status, answer->description)));
        const auto* body = answer->body.get<amqp::map>();
        const auto* ids = body ? body->find("partition_ids") : nullptr;
        auto found = std::make_shared<std::vector<partition_info>>();
        if (const auto* array = ids ? ids->get<amqp::array>() : nullptr)
            for (const auto& each : array->elements) {
                found->emplace_back();
                found->back().id = std::string(each.text().value_or(""));
            }
        self->ask_partition(found, 0, std::move(then));
    };
    management_->ask(question("com.microsoft:eventhub"), {}, std::move(done));
}

void event_session::ask_partition(std::shared_ptr<std::vector<partition_info>> found, std::size_t index,
                                  std::move_only_function<void(infos)> then) {
    if (index == found->size())
        return then(std::move(*found));
    auto properties = question("com.microsoft:partition");
    properties.entries.emplace_back("partition", (*found)[index].id);
    auto done = [weak = weak_from_this(), found, index, then = std::move(then)](const std::expected<reply, client_error>& answer) mutable {
        const auto self = weak.lock();
        if (!self)
            return;
        if (!answer)
            return then(std::unexpected(answer.error()));
        auto& info = (*found)[index];
        const auto* body = answer->body.get<amqp::map>();
        const auto number = [&](std::string_view name, std::int64_t otherwise) {
            const auto* value = body ? body->find(name) : nullptr;
            return value ? value->integer().value_or(otherwise) : otherwise;
        };
        info.first_sequence_number = number("begin_sequence_number", 0);
        info.last_sequence_number = number("last_enqueued_sequence_number", -1);
        const auto* offset = body ? body->find("last_enqueued_offset") : nullptr;
        info.last_offset = offset ? std::string(offset->text().value_or("")) : std::string();
        const auto* time = body ? body->find("last_enqueued_time_utc") : nullptr;
        if (const auto* when = time ? time->get<amqp::timestamp>() : nullptr)
            info.last_enqueued_time = wall_clock_time(std::chrono::milliseconds(when->milliseconds));
        self->ask_partition(found, index + 1, std::move(then));
    };
    management_->ask(properties, {}, std::move(done));
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
    try {
        what_.checkpoints()->save(done);
    } catch (const std::exception&) { // the checkpoint store's
        return then.fail(failure_of(std::current_exception()));
    }
    then.succeed();
}

void event_session::partitions(completion<std::vector<partition_info>> then) {
    begin();
    asking_.push_back(std::move(then));
    if (reading_ || ended_)
        answer_infos();
}

void event_session::answer_infos() {
    for (auto& each : std::exchange(asking_, {})) {
        if (ended_) {
            each.fail(*ended_);
            continue;
        }
        auto done = [then = std::move(each)](infos found) mutable { found ? then.succeed(*std::move(found)) : then.fail(found.error()); };
        ask_partitions(std::move(done));
    }
}

// --- the end

/// Of one partition. One that is shared was claimed by another reader; otherwise the user hears of it.
void event_session::partition_failed(const std::string& partition, const client_error& why) {
    links_.erase(partition);
    if (ended_ || why.reason() == errc::closed || (what_.balance_expiry() && why.reason() == errc::stolen))
        return;
    problems_.push_back(why);
    hand_over();
}

void event_session::fail(const client_error& why) {
    if (ended_)
        return;
    ended_ = why;
    timer_.cancel();
    if (management_)
        management_->fail(why);
    if (connection_)
        connection_->close(why);
    links_.clear();
    if (what_.balance_expiry() && reading_)
        release_claims();
    answer_infos();
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
