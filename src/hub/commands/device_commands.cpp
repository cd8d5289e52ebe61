#include "hub/commands/device_commands.hpp"

#include <spdlog/spdlog.h>

#include "hub/commands/feedback_center.hpp"
#include "hub/hub.hpp"

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

void device_commands::when_loaded(std::move_only_function<void(device_commands&)> work) {
    if (loaded_)
        return work(*this);
    // As many may wait as senders have credit.
    waiting_.push_back(std::move(work));
    load();
}

/// Without what is stored nothing may be numbered or delivered: a failed load is tried again at the next tick.
void device_commands::load() {
    if (std::exchange(loading_, true))
        return;
    auto take = [self = shared_from_this()](store::outcome<store::command_list> stored) {
        self->loading_ = false;
        if (!stored)
            return spdlog::error("commands of device={} could not be read: {}", self->device_, stored.error().text);
        self->mailbox_.load(std::move(*stored));
        self->loaded_ = true;
        for (auto& work : std::exchange(self->waiting_, {}))
            work(*self);
        self->dispatch();
    };
    hub_.store().commands().load(device_, {home(), std::move(take)});
}

void device_commands::enqueue(store::command command, run_queue& asker, command_center::taken done) {
    const auto refuse = [&](errc why, std::string_view text) {
        asker.post([done = std::move(done), error = describe(why, text, now())]() mutable { done(std::move(error)); });
    };
    if (mailbox_.full())
        return refuse(errc::queue_depth_exceeded, fmt::format("The device's queue holds {} messages, its limit.", mailbox_.size()));
    const auto added = mailbox_.add(std::move(command));
    ++under_way_;
    auto stored = [self = shared_from_this(), added, &asker, done = std::move(done)](store::outcome<void> result) mutable {
        --self->under_way_;
        if (result)
            self->mailbox_.stored(added->sequence);
        else
            self->mailbox_.not_stored(added->sequence);
        asker.post([done = std::move(done), error = to_error(result, self->now())]() mutable { done(std::move(error)); });
        self->dispatch();
    };
    hub_.store().commands().put(device_, *added, {home(), std::move(stored)});
}

void device_commands::want(receiver_id id, std::weak_ptr<command_receiver> link, std::size_t count) {
    const auto known = std::ranges::find(receivers_, id, &receiver::id);
    if (known == receivers_.end())
        receivers_.push_back({id, std::move(link), count});
    else
        known->wanted = count;
    dispatch();
}

void device_commands::leave(receiver_id id) {
    std::erase_if(receivers_, [&](const receiver& each) { return each.id == id; });
    mailbox_.release_all(id);
    dispatch();
}

void device_commands::release(const lock_token& token) {
    mailbox_.release(token);
    dispatch();
}

/// Hands out what can be handed out, to the receivers in turn.
void device_commands::dispatch() {
    while (mailbox_.deliverable()) {
        std::erase_if(receivers_, [&](const receiver& each) {
            if (!each.link.expired())
                return false;
            mailbox_.release_all(each.id);
            return true;
        });
        std::size_t tried = 0;
        while (tried < receivers_.size() && receivers_[next_receiver_ % receivers_.size()].wanted == 0)
            ++tried, ++next_receiver_;
        if (tried == receivers_.size())
            return;
        auto& chosen = receivers_[next_receiver_++ % receivers_.size()];
        auto link = chosen.link.lock();
        if (!link)
            continue;
        auto locked = mailbox_.lock_next(chosen.id, new_lock_token(), now());
        if (!locked)
            return;
        --chosen.wanted;
        auto& to = link->home();
        to.post([link = std::move(link), locked = std::move(*locked)]() mutable { link->deliver(std::move(locked)); });
    }
}

void device_commands::settle(const lock_token& token, verdict what, run_queue& asker, command_center::taken done) {
    auto answer = [&asker, done = std::move(done)](std::optional<amqp::error> error) mutable {
        asker.post([done = std::move(done), error = std::move(error)]() mutable { done(std::move(error)); });
    };
    auto settled = mailbox_.settle(token, what, now());
    if (!settled)
        return answer(describe(settled.error(), "The lock of the message has been lost.", now()));
    if (settled->leaves) {
        std::vector<departure> leaving;
        leaving.push_back(std::move(*settled->leaves));
        return remove(std::move(leaving),
                      [this, answer = std::move(answer)](const store::outcome<void>& result) mutable { answer(to_error(result, now())); });
    }
    ++under_way_;
    auto counted = [self = shared_from_this(), answer = std::move(answer)](store::outcome<void> result) mutable {
        --self->under_way_;
        answer(to_error(result, self->now()));
    };
    hub_.store().commands().put(device_, *settled->again, {home(), std::move(counted)});
    dispatch();
}

void device_commands::settle_by_id(const std::string& message_id, verdict what, run_queue& asker, command_center::taken done) {
    // No lock has the zero token: an unknown id ends as a lost lock.
    settle(mailbox_.token_of(message_id).value_or(lock_token{}), what, asker, std::move(done));
}

void device_commands::purge(run_queue& asker, std::move_only_function<void(std::size_t)> done) {
    auto leaving = mailbox_.purge();
    const auto count = leaving.size();
    remove(std::move(leaving), [&asker, count, done = std::move(done)](const store::outcome<void>& result) mutable {
        asker.post([done = std::move(done), count = result ? count : 0]() mutable { done(count); });
    });
}

void device_commands::drop() {
    mailbox_.clear();
    ++under_way_;
    hub_.store().commands().drop(device_, {home(), [self = shared_from_this()](const store::outcome<void>&) { --self->under_way_; }});
}

void device_commands::tick() {
    if (!loaded_)
        return load();
    auto expired = mailbox_.tick(now());
    if (!expired.empty())
        remove(std::move(expired), [](const store::outcome<void>&) {});
    dispatch();
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
        if (result && tell)
            self->hub_.feedback().arrived();
        done(result);
        self->dispatch();
    };
    hub_.store().commands().remove(device_, std::move(sequences), std::move(feedback), {home(), std::move(removed)});
}

store::feedback_record device_commands::record_of(const departure& leaving) const {
    store::feedback_record record;
    record.time = now();
    record.status = *leaving.feedback;
    record.original_message_id = leaving.message_id;
    record.device_id = device_;
    if (const auto device = hub_.store().devices().find(device_))
        record.generation_id = device->generation_id;
    return record;
}

} // namespace capstan::hub
