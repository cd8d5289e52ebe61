#include "client/service_session.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/strand.hpp>

#include "auth/percent.hpp"
#include "auth/random.hpp"
#include "client/batch_settlement.hpp"
#include "client/endpoints.hpp"
#include "client/message_codec.hpp"

namespace capstan::client {
namespace {

constexpr std::uint32_t default_prefetch = 50;

/// For outcomes that nobody waits for: if the hub does not hear of one, the message comes again.
completion<> unheard(const asio::any_io_executor& strand) {
    return {[](const std::exception_ptr&) {}, strand};
}

/// To the device, with an id.
void address(message& what, const std::string& device_id) {
    what.to("/devices/" + auth::percent_encode(device_id) + "/messages/devicebound");
    if (what.message_id().empty())
        what.message_id(auth::random_uuid());
}

} // namespace

std::shared_ptr<service_session> service_session::create(const asio::any_io_executor& executor, service_identity who,
                                                         const client_options& options) {
    const std::shared_ptr<service_session> made(new service_session(executor, std::move(who), options));
    made->join();
    return made;
}

service_session::service_session(const asio::any_io_executor& executor, service_identity who, const client_options& options)
    : executor_(executor), who_(std::move(who)), options_(options),
      connection_(std::make_shared<hub_connection>(asio::make_strand(executor), hub_endpoint(who_.host_name(), options), options, true)) {
    const auto host = without_port(who_.host_name());
    participant_ = std::make_shared<participant>(strand(), token_source{host, host, who_.tokens(), options.token_life()}, options.retry());
}

void service_session::join() {
    participant_->on_failed = [weak = weak_from_this()](const client_error& why) {
        if (const auto self = weak.lock())
            self->fail(why);
    };
    asio::dispatch(strand(), [self = shared_from_this()] { self->connection_->add(self->participant_); });
}

// --- commands

sender_link& service_session::commands() {
    if (!commands_ || commands_->failed()) {
        const sender_link::settings how{"/messages/devicebound", options_.max_queued_sends(), options_.max_queued_bytes(),
                                        options_.operation_time_out(), options_.retry()};
        commands_ = std::make_shared<sender_link>(strand(), how);
        participant_->add(commands_);
    }
    return *commands_;
}

void service_session::send(const std::string& device_id, message what, completion<std::string> then) {
    address(what, device_id);
    const auto id = what.message_id();
    const auto taken_back = then.cancel();
    auto sent = [id, then = std::move(then)](const std::optional<client_error>& failed) mutable {
        failed ? then.fail(*failed) : then.succeed(id);
    };
    commands().send(encode(std::move(what)), 0, taken_back, std::move(sent));
}

void service_session::send_and_confirm(const std::string& device_id, message what, completion<feedback_record> then) {
    if (failed_)
        return then.fail(*failed_);
    address(what, device_id);
    const auto id = what.message_id();
    if (unconfirmed_.contains(id))
        return then.fail(client_error(errc::invalid_argument, "a message with the id " + id + " is waiting to be confirmed"));
    then.cancel().assign([weak = weak_from_this(), id] {
        if (const auto self = weak.lock())
            self->cancel_confirmation(id);
    });
    unconfirmed_.emplace(id, std::move(then));
    what.feedback(feedback_wanted::full);
    listen();
    auto sent = [weak = weak_from_this(), id](const std::optional<client_error>& failed) {
        const auto self = weak.lock();
        auto waiting = self && failed ? self->unconfirmed_.extract(id) : decltype(self->unconfirmed_.extract(id))();
        if (waiting)
            waiting.mapped().fail(*failed);
        if (waiting && !self->failed_)
            self->listen();
    };
    commands().send(encode(std::move(what)), 0, {}, std::move(sent));
}

void service_session::cancel_confirmation(const std::string& message_id) {
    if (auto cancelled = unconfirmed_.extract(message_id))
        cancelled.mapped().fail(client_error(errc::canceled));
    listen();
}

// --- feedback

void service_session::receive_feedback(completion<feedback_batch> then) {
    if (failed_)
        return then.fail(*failed_);
    if (!kept_.empty()) {
        then.succeed(std::move(kept_.front()));
        return kept_.pop_front();
    }
    const auto which = next_ticket_++;
    then.cancel().assign([weak = weak_from_this(), which] {
        if (const auto self = weak.lock())
            self->cancel_receive(which);
    });
    waiting_.emplace(which, std::move(then));
    listen();
}

void service_session::cancel_receive(ticket which) {
    if (auto cancelled = waiting_.extract(which))
        cancelled.mapped().fail(client_error(errc::canceled));
    listen();
}

std::shared_ptr<receiver_link> service_session::receiver(const std::string& what) const {
    return std::make_shared<receiver_link>(strand(), receiver_link::settings{"/messages/serviceBound/" + what,
                                                                             options_.prefetch().value_or(default_prefetch),
                                                                             options_.operation_time_out()});
}

/// As long as somebody wants feedback, one receive is under way; when nobody does, it is left to the hub's other services.
void service_session::listen() {
    const bool wanted = !unconfirmed_.empty() || !waiting_.empty();
    if (feedback_ && !feedback_->failed())
        feedback_->want(wanted);
    if (listening_ || !wanted)
        return;
    listening_ = true;
    if (!feedback_ || feedback_->failed()) {
        feedback_ = receiver("feedback");
        participant_->add(feedback_);
    }
    feedback_->receive({}, [weak = weak_from_this()](const std::expected<incoming, client_error>& got) {
        const auto self = weak.lock();
        if (!self)
            return;
        self->listening_ = false;
        if (!got) // for good, with its link or with all
            return self->no_feedback(got.error());
        self->on_feedback(batch_settlement::to_batch(self->feedback_, self->strand(), *got));
        self->listen();
    });
}

void service_session::no_feedback(const client_error& why) {
    for (auto& [id, then] : std::exchange(unconfirmed_, {}))
        then.fail(why);
    for (auto& [which, then] : std::exchange(waiting_, {}))
        then.fail(why);
}

void service_session::on_feedback(feedback_batch batch) {
    batch_settlement::take(batch, [this](const feedback_record& each) { return confirm(each); });
    if (batch.records().empty())
        return batch_settlement::of(batch).settle(amqp::delivery_state::accepted(), unheard(strand()));
    if (waiting_.empty())
        return keep(std::move(batch));
    auto first = waiting_.extract(waiting_.begin());
    first.mapped().succeed(std::move(batch));
}

bool service_session::confirm(const feedback_record& record) {
    auto waiting = unconfirmed_.extract(record.message_id);
    if (waiting)
        waiting.mapped().succeed(record);
    return !waiting.empty();
}

void service_session::keep(feedback_batch batch) {
    kept_.push_back(std::move(batch));
    if (kept_.size() <= max_kept)
        return;
    batch_settlement::of(kept_.front()).settle(amqp::delivery_state::released(), unheard(strand()));
    kept_.pop_front();
}

void service_session::receive_file(completion<file_notification> then) {
    if (!files_ || files_->failed()) {
        files_ = receiver("filenotifications");
        participant_->add(files_);
    }
    const auto taken_back = then.cancel();
    auto got = [on = files_, strand = strand(), then = std::move(then)](const std::expected<incoming, client_error>& arrived) mutable {
        if (!arrived)
            return then.fail(arrived.error());
        settlement(on, strand, *arrived).settle(amqp::delivery_state::accepted(), unheard(strand));
        then.succeed(to_file_notification(arrived->payload));
    };
    files_->receive(taken_back, std::move(got));
}

// --- the end

void service_session::fail(const client_error& why) {
    failed_ = why;
    no_feedback(why);
    kept_.clear();
    connection_->remove(*participant_);
    connection_->close(why);
}

void service_session::close() {
    const auto self = shared_from_this();
    participant_->fail(client_error(errc::closed));
}

} // namespace capstan::client
