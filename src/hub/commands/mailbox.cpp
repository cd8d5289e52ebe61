#include "hub/commands/mailbox.hpp"

#include <algorithm>

namespace capstan::hub {

bool wants_feedback(store::ack_mode ack, store::feedback_status status) {
    const bool positive = status == store::feedback_status::success;
    return ack == store::ack_mode::full || ack == (positive ? store::ack_mode::positive : store::ack_mode::negative);
}

void mailbox::load(store::command_list stored) {
    next_sequence_ = std::max(next_sequence_, stored.next_sequence);
    for (auto& command : stored.commands)
        entries_.push_back({.command = std::make_shared<store::command>(std::move(command)), .what = state::enqueued});
}

std::shared_ptr<const store::command> mailbox::add(store::command command) {
    command.sequence = next_sequence_++;
    entries_.push_back({.command = std::make_shared<store::command>(std::move(command)), .what = state::storing});
    return entries_.back().command;
}

void mailbox::stored(std::uint64_t sequence) {
    if (auto* found = at(sequence); found && found->what == state::storing)
        found->what = state::enqueued;
}

void mailbox::not_stored(std::uint64_t sequence) { gone(sequence); }

std::optional<locked_command> mailbox::lock_next(receiver_id receiver, const lock_token& token, wall_time now,
                                                 std::optional<std::chrono::seconds> lock) {
    for (auto& each : entries_) {
        if (each.what != state::enqueued || each.command->expires <= now)
            continue;
        each.what = state::locked;
        each.token = token;
        each.holder = receiver;
        each.locked_until = now + lock.value_or(rules_.command_lock);
        return locked_command{each.command, token};
    }
    return std::nullopt;
}

void mailbox::release(const lock_token& token) {
    if (auto* held = holding(token))
        held->what = state::enqueued;
}

void mailbox::release_all(receiver_id receiver) {
    for (auto& each : entries_)
        if (each.what == state::locked && each.holder == receiver)
            each.what = state::enqueued;
}

std::expected<mailbox::settlement, errc> mailbox::settle(const lock_token& token, verdict what, wall_time now) {
    auto* held = holding(token);
    if (!held || held->locked_until <= now)
        return std::unexpected(errc::message_lock_lost);
    settlement result;
    switch (what) {
    case verdict::complete: result.leaves = leave(*held, store::feedback_status::success); return result;
    case verdict::reject: result.leaves = leave(*held, store::feedback_status::rejected); return result;
    case verdict::abandon: break;
    }
    return count_delivery(*held);
}

/// Back into the queue, unless that was the last time.
mailbox::settlement mailbox::count_delivery(entry& held) {
    settlement result;
    if (held.command->delivery_count + 1 >= rules_.max_delivery_count) {
        result.leaves = leave(held, store::feedback_status::delivery_count_exceeded);
        return result;
    }
    // Whoever still reads the message as it was handed out keeps that one.
    auto counted = std::make_shared<store::command>(*held.command);
    counted->delivery_count += 1;
    held.command = counted;
    held.what = state::enqueued;
    result.again = counted;
    return result;
}

std::optional<lock_token> mailbox::token_of(std::string_view message_id) const {
    const auto found = std::ranges::find_if(
        entries_, [&](const entry& each) { return each.what == state::locked && each.command->message_id == message_id; });
    return found == entries_.end() ? std::nullopt : std::optional(found->token);
}

mailbox::passing mailbox::tick(wall_time now) {
    passing result;
    for (auto& each : entries_) {
        const bool ran_out = each.what == state::locked && each.locked_until <= now;
        if (ran_out)
            each.what = state::enqueued;
        if (each.what == state::enqueued && each.command->expires <= now) {
            result.leaving.push_back(leave(each, store::feedback_status::expired));
        } else if (ran_out && rules_.count_lock_timeouts) {
            // Before 2026 Azure counted these as well as abandons (contract/semantics.md, section 1.2).
            auto counted = count_delivery(each);
            if (counted.leaves)
                result.leaving.push_back(std::move(*counted.leaves));
            else
                result.again.push_back(std::move(counted.again));
        }
    }
    return result;
}

std::vector<departure> mailbox::purge() {
    std::vector<departure> leaving;
    for (auto& each : entries_)
        if (each.what == state::enqueued || each.what == state::locked)
            leaving.push_back(leave(each, store::feedback_status::purged));
    return leaving;
}

void mailbox::gone(std::uint64_t sequence) {
    std::erase_if(entries_, [&](const entry& each) { return each.command->sequence == sequence; });
}

void mailbox::stays(std::uint64_t sequence) {
    if (auto* found = at(sequence); found && found->what == state::leaving)
        found->what = state::enqueued;
}

std::vector<mailbox::waiting> mailbox::look() const {
    std::vector<waiting> all;
    for (const auto& each : entries_)
        if (each.what == state::enqueued || each.what == state::locked)
            all.push_back({each.command, each.what == state::locked});
    return all;
}

std::optional<wall_time> mailbox::next_deadline() const {
    std::optional<wall_time> earliest;
    for (const auto& each : entries_) {
        if (each.what != state::enqueued && each.what != state::locked)
            continue;
        const auto when = each.what == state::locked ? each.locked_until : each.command->expires;
        earliest = std::min(earliest.value_or(when), when);
    }
    return earliest;
}

bool mailbox::deliverable() const {
    return std::ranges::any_of(entries_, [](const entry& each) { return each.what == state::enqueued; });
}

mailbox::entry* mailbox::at(std::uint64_t sequence) {
    const auto found = std::ranges::find_if(entries_, [&](const entry& each) { return each.command->sequence == sequence; });
    return found == entries_.end() ? nullptr : &*found;
}

mailbox::entry* mailbox::holding(const lock_token& token) {
    const auto found = std::ranges::find_if(entries_, [&](const entry& each) { return each.what == state::locked && each.token == token; });
    return found == entries_.end() ? nullptr : &*found;
}

departure mailbox::leave(entry& going, store::feedback_status why) {
    going.what = state::leaving;
    departure result{.sequence = going.command->sequence,
                     .feedback = {},
                     .message_id = going.command->message_id,
                     .died_of = {},
                     .command = going.command};
    if (why != store::feedback_status::success && why != store::feedback_status::purged)
        result.died_of = why;
    if (wants_feedback(going.command->ack, why))
        result.feedback = why;
    return result;
}

} // namespace capstan::hub
