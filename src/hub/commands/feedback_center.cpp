#include "hub/commands/feedback_center.hpp"

#include <algorithm>
#include <limits>

#include <spdlog/spdlog.h>

#include "hub/hub.hpp"
#include "hub/registry/registry.hpp"

namespace capstan::hub {

constexpr std::size_t read_ahead = 1024;
constexpr std::size_t max_batches = 64;

feedback_center::feedback_center(hub& owner) : hub_(owner) {}

run_queue& feedback_center::queue() { return hub_.queue(0); }
wall_time feedback_center::now() const { return hub_.clock().now(); }

void feedback_center::start() {
    queue().post([this] { read(); });
}

void feedback_center::arrived() {
    if (told_.exchange(true))
        return;
    queue().post([this] {
        told_ = false;
        more_ = true;
        read();
    });
}

void feedback_center::read() {
    if (reading_ || !more_ || records_.size() >= read_ahead)
        return;
    reading_ = true;
    more_ = false; // unless more arrive while this is read
    const auto limit = read_ahead - records_.size();
    auto take = [this, limit](store::outcome<std::vector<store::feedback_record>> found) {
        reading_ = false;
        if (!found && found.error().code == store::errc::closed)
            return;
        more_ = more_ || !found; // the next tick tries again
        if (!found)
            return spdlog::error("feedback could not be read: {}", found.error().text);
        more_ = more_ || found->size() == limit;
        for (auto& record : *found) {
            next_record_ = record.sequence + 1;
            records_.push_back(std::move(record));
        }
        drop_stale(now());
        dispatch(now());
        read();
    };
    hub_.store().feedback().read(next_record_, limit, {queue(), std::move(take)});
}

bool feedback_center::is_stale(const store::feedback_record& record, wall_time at) const {
    return record.time + hub_.config().feedback_ttl <= at;
}

/// Feedback that nobody has fetched in its time is lost (contract/semantics.md, section 2), also what is not yet in a batch: the store
/// would keep it for ever. Outcomes stand in the order of their time but for moments: looking at the oldest is enough.
void feedback_center::drop_stale(wall_time at) {
    const auto fresh = std::ranges::find_if(records_, [&](const auto& each) { return !is_stale(each, at); });
    if (fresh != records_.begin())
        forget(records_.front().sequence, std::prev(fresh)->sequence);
    records_.erase(records_.begin(), fresh);
    std::erase_if(batches_, [&](const batch& each) {
        const bool stale = each.holder == 0 && is_stale(each.records->front(), at);
        if (stale)
            forget(each);
        return stale;
    });
}

/// What is not in a batch when a device is deleted is lost with it, though another of its name has come since (contract/semantics.md,
/// 1.8). The same for a module.
void feedback_center::drop_orphans() {
    std::erase_if(records_, [&](const store::feedback_record& each) {
        const auto holder = hub_.registry().look_up(each.device_id);
        const bool orphan = !holder || holder->generation_id != each.generation_id;
        if (orphan)
            forget(each.sequence, each.sequence);
        return orphan;
    });
}

/// A batch is cut at 64 records, or when the last one was cut 15 s ago.
bool feedback_center::ripe(wall_time at) const {
    const auto& rules = hub_.config();
    return !records_.empty() && batches_.size() < max_batches &&
           (records_.size() >= rules.feedback_batch_max || at - last_cut_ >= rules.feedback_batch_time);
}

void feedback_center::cut(wall_time at) {
    const auto& rules = hub_.config();
    if (ripe(at))
        drop_orphans();
    while (ripe(at)) {
        const auto count = static_cast<std::ptrdiff_t>(std::min(records_.size(), rules.feedback_batch_max));
        auto taken = std::make_shared<std::vector<store::feedback_record>>(records_.begin(), records_.begin() + count);
        records_.erase(records_.begin(), records_.begin() + count);
        batches_.push_back({.records = std::move(taken), .made = at});
        last_cut_ = at;
    }
}

void feedback_center::dispatch(wall_time at) {
    if (receivers_.wanted())
        cut(at);
    for (auto& each : batches_) {
        if (each.holder != 0)
            continue;
        auto* const chosen = receivers_.next();
        if (!chosen)
            return;
        receivers_.give(*chosen, lock(each, chosen->id, at));
    }
}

locked_feedback feedback_center::lock(batch& free, receiver_id holder, wall_time at) {
    free.holder = holder;
    free.locked_until = at + hub_.config().feedback_lock;
    free.token = new_lock_token();
    return {free.records, free.token, free.made};
}

void feedback_center::take_next(run_queue& home, std::move_only_function<void(std::optional<locked_feedback>)> done) {
    constexpr receiver_id no_link = std::numeric_limits<receiver_id>::max();
    queue().post([this, &home, done = std::move(done)]() mutable {
        const auto at = now();
        cut(at);
        const auto free = std::ranges::find(batches_, receiver_id{0}, &batch::holder);
        auto given = free == batches_.end() ? std::nullopt : std::optional(lock(*free, no_link, at));
        home.post([done = std::move(done), given = std::move(given)]() mutable { done(std::move(given)); });
    });
}

void feedback_center::want(receiver_id id, run_queue& home, std::weak_ptr<feedback_receiver> link, std::size_t count) {
    queue().post([this, id, &home, link = std::move(link), count]() mutable {
        receivers_.want(id, home, std::move(link), count);
        dispatch(now());
        read();
    });
}

void feedback_center::leave(receiver_id id) {
    queue().post([this, id] {
        receivers_.erase(id);
        for (auto& each : batches_)
            if (each.holder == id)
                each.holder = 0;
        dispatch(now());
    });
}

void feedback_center::release(lock_token token) {
    queue().post([this, token] {
        for (auto& each : batches_)
            if (each.holder != 0 && each.token == token)
                each.holder = 0;
    });
}

void feedback_center::after_delivery(run_queue& home, task then) {
    queue().post([&home, then = std::move(then)]() mutable { home.post(std::move(then)); });
}

void feedback_center::settle(lock_token token, verdict what, run_queue& home, std::move_only_function<void(bool)> done) {
    queue().post([this, token, what, &home, done = std::move(done)]() mutable {
        const auto found = std::ranges::find_if(batches_, [&](const batch& each) { return each.holder != 0 && each.token == token; });
        const bool held = found != batches_.end() && found->locked_until > now();
        if (held && what == verdict::abandon)
            abandon(found);
        else if (held)
            forget(*found), batches_.erase(found);
        dispatch(now());
        read();
        home.post([done = std::move(done), held]() mutable { done(held); });
    });
}

/// Back into the queue, unless that was the last time.
void feedback_center::abandon(std::vector<batch>::iterator which) {
    which->holder = 0;
    if (++which->delivery_count < hub_.config().feedback_max_delivery_count)
        return;
    forget(*which);
    batches_.erase(which);
}

void feedback_center::forget(const batch& done) { forget(done.records->front().sequence, done.records->back().sequence); }

void feedback_center::forget(std::uint64_t first, std::uint64_t last) {
    auto removed = [](const store::outcome<void>& result) {
        if (!result)
            spdlog::error("feedback that is done with could not be removed: {}", result.error().text);
    };
    hub_.store().feedback().remove(first, last, {queue(), removed});
}

void feedback_center::tick() {
    const auto at = now();
    for (auto& each : batches_)
        if (each.holder != 0 && each.locked_until <= at)
            each.holder = 0;
    drop_stale(at);
    dispatch(at);
    read();
}

} // namespace capstan::hub
