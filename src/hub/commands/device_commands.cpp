#include "hub/commands/device_commands.hpp"

#include "hub/commands/dead_letters.hpp"

#include <spdlog/spdlog.h>

#include "hub/commands/feedback_center.hpp"
#include "hub/hub.hpp"
#include "hub/registry/registry.hpp"

namespace capstan::hub {
namespace {

std::optional<amqp::error> to_error(const store::outcome<void>& result, wall_time now) {
    return result ? std::nullopt : std::optional(describe(result.error(), now));
}

} // namespace

device_commands::device_commands(hub& owner, std::string device) : hub_(owner), device_(std::move(device)), mailbox_(owner.config()) {}

run_queue& device_commands::home() { return hub_.queue(hub_.home_of(device_)); }
wall_time device_commands::now() const { return hub_.clock().now(); }

bool device_commands::idle() const { return loaded_ && mailbox_.size() == 0 && receivers_.empty() && under_way_ == 0; }

/// Without what is stored nothing may be numbered or delivered: after a failed load commands are refused, and each tick tries again.
void device_commands::load() {
    if (std::exchange(loading_, true))
        return;
    auto take = [self = shared_from_this()](store::outcome<store::command_list> stored) {
        self->loading_ = false;
        stored ? self->on_loaded(std::move(*stored)) : self->on_unreadable(std::move(stored.error()));
        for (auto& work : std::exchange(self->waiting_, {}))
            work(*self);
    };
    hub_.store().commands().load(device_, {home(), std::move(take)});
}

void device_commands::on_loaded(store::command_list stored) {
    if (unreadable_)
        spdlog::info("commands of device={} can be read again", device_);
    unreadable_.reset();
    mailbox_.load(std::move(stored));
    loaded_ = true;
    counted();
    dispatch();
}

/// After each change of the queue.
void device_commands::counted() { hub_.commands().depths_.set(device_, mailbox_.size()); }

void device_commands::on_unreadable(store::failure why) {
    if (!unreadable_ && why.code != store::errc::closed)
        spdlog::error("commands of device={} cannot be read: {}", device_, why.text);
    unreadable_ = std::make_unique<const store::failure>(std::move(why));
}

void device_commands::enqueue(store::command command, run_queue& asker, command_center::taken done) {
    const auto refuse = [&](amqp::error why) {
        asker.post([done = std::move(done), why = std::move(why)]() mutable { done(std::move(why)); });
    };
    if (!loaded_)
        return refuse(describe(*unreadable_, now()));
    if (mailbox_.full())
        return refuse(
            describe(errc::queue_depth_exceeded, fmt::format("The device's queue holds {} messages, its limit.", mailbox_.size()), now()));
    const auto added = mailbox_.add(std::move(command));
    counted();
    ++under_way_;
    auto stored = [self = shared_from_this(), added, &asker, done = std::move(done)](store::outcome<void> result) mutable {
        --self->under_way_;
        if (result)
            self->mailbox_.stored(added->sequence);
        else
            self->mailbox_.not_stored(added->sequence), self->counted();
        asker.post([done = std::move(done), error = to_error(result, self->now())]() mutable { done(std::move(error)); });
        self->dispatch();
    };
    hub_.store().commands().put(device_, *added, {home(), std::move(stored)});
}

void device_commands::want(receiver_id id, run_queue& of_link, std::weak_ptr<command_receiver> link, std::size_t count) {
    receivers_.want(id, of_link, std::move(link), count);
    dispatch();
}

void device_commands::leave(receiver_id id) {
    receivers_.erase(id);
    mailbox_.release_all(id);
    dispatch();
}

void device_commands::release(const lock_token& token) {
    mailbox_.release(token);
    dispatch();
}

void device_commands::take_next(std::optional<std::chrono::seconds> lock, run_queue& asker,
                                std::move_only_function<void(command_center::next_command)> done) {
    constexpr receiver_id nobody = 0;
    command_center::next_command next = std::unexpected(amqp::error());
    if (loaded_)
        next = mailbox_.lock_next(nobody, new_lock_token(), now(), lock);
    else
        next = std::unexpected(describe(*unreadable_, now()));
    asker.post([done = std::move(done), next = std::move(next)]() mutable { done(std::move(next)); });
}

/// Hands out what can be handed out, to the receivers in turn.
void device_commands::dispatch() {
    while (mailbox_.deliverable()) {
        auto* const chosen = receivers_.next();
        if (!chosen)
            return;
        auto locked = mailbox_.lock_next(chosen->id, new_lock_token(), now());
        if (!locked)
            return;
        receivers_.give(*chosen, std::move(*locked));
    }
}

void device_commands::settle(const lock_token& token, verdict what, run_queue& asker, command_center::taken done) {
    auto answer = [&asker, done = std::move(done)](std::optional<amqp::error> error) mutable {
        asker.post([done = std::move(done), error = std::move(error)]() mutable { done(std::move(error)); });
    };
    if (!loaded_)
        return answer(describe(*unreadable_, now()));
    auto settled = mailbox_.settle(token, what, now());
    if (!settled)
        return answer(describe(settled.error(), "The lock of the message has been lost.", now()));
    if (settled->leaves) {
        std::vector<departure> leaving;
        leaving.push_back(std::move(*settled->leaves));
        return remove(std::move(leaving),
                      [this, answer = std::move(answer)](const store::outcome<void>& result) mutable { answer(to_error(result, now())); });
    }
    put(*settled->again,
        [this, answer = std::move(answer)](const store::outcome<void>& result) mutable { answer(to_error(result, now())); });
    dispatch();
}

void device_commands::settle_by_id(const std::string& message_id, verdict what, run_queue& asker, command_center::taken done) {
    // No lock has the zero token: an unknown id ends as a lost lock.
    settle(mailbox_.token_of(message_id).value_or(lock_token{}), what, asker, std::move(done));
}

void device_commands::purge(run_queue& asker, command_center::purged done) {
    if (!loaded_)
        return asker.post([done = std::move(done)]() mutable { done(std::nullopt); });
    auto leaving = mailbox_.purge();
    const auto count = leaving.size();
    remove(std::move(leaving), [&asker, count, done = std::move(done)](const store::outcome<void>& result) mutable {
        asker.post([done = std::move(done), count = result ? std::optional(count) : std::nullopt]() mutable { done(count); });
    });
}

void device_commands::look(run_queue& asker, command_center::looked done) {
    auto all = loaded_ ? std::optional(mailbox_.look()) : std::nullopt;
    asker.post([done = std::move(done), all = std::move(all)]() mutable { done(std::move(all)); });
}

void device_commands::drop() {
    mailbox_.clear();
    counted();
    ++under_way_;
    hub_.store().commands().drop(device_, {home(), [self = shared_from_this()](const store::outcome<void>&) { --self->under_way_; }});
}

void device_commands::tick() {
    if (!loaded_)
        return load();
    auto [leaving, again] = mailbox_.tick(now());
    if (!leaving.empty())
        remove(std::move(leaving), [](const store::outcome<void>&) {});
    for (const auto& each : again)
        put(*each, [](const store::outcome<void>&) {});
    dispatch();
}

/// Stores a message that is there, with its new count.
void device_commands::put(const store::command& changed, finished done) {
    ++under_way_;
    auto stored = [self = shared_from_this(), done = std::move(done)](const store::outcome<void>& result) mutable {
        --self->under_way_;
        done(result);
    };
    hub_.store().commands().put(device_, changed, {home(), std::move(stored)});
}

/// Takes messages that leave the queue out of the store, with the feedback that they leave behind, in one commit.
void device_commands::remove(std::vector<departure> leaving, finished done) {
    std::vector<std::uint64_t> sequences;
    std::vector<store::feedback_record> feedback;
    for (const auto& each : leaving) {
        sequences.push_back(each.sequence);
        if (each.feedback)
            feedback.push_back(record_of(each));
    }
    const bool tell = !feedback.empty();
    ++under_way_;
    auto removed = [self = shared_from_this(), sequences, tell, done = std::move(done)](store::outcome<void> result) mutable {
        --self->under_way_;
        for (const auto sequence : sequences)
            result ? self->mailbox_.gone(sequence) : self->mailbox_.stays(sequence);
        self->counted();
        if (result && tell)
            self->hub_.feedback().arrived();
        done(result);
        self->dispatch();
    };
    auto dead = dead_letters_among(leaving, hub_.config(), now());
    auto& queue = hub_.store().commands();
    if (dead.empty())
        return queue.remove(device_, std::move(sequences), std::move(feedback), {home(), std::move(removed)});
    queue.bury(device_, std::move(dead), std::move(feedback), {home(), std::move(removed)});
    keep_few_dead_letters(hub_, device_, home());
}

store::feedback_record device_commands::record_of(const departure& leaving) const {
    store::feedback_record record;
    record.time = now();
    record.status = *leaving.feedback;
    record.original_message_id = leaving.message_id;
    record.device_id = device_;
    if (const auto holder = hub_.registry().look_up(device_))
        record.generation_id = holder->generation_id;
    return record;
}

} // namespace capstan::hub
