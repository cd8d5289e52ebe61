#include "hub/registry/registry.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "store/registry_rules.hpp"

namespace capstan::hub {
namespace {

using reason = registry_refusal::reason;
using stored = store::outcome<store::device>;

/// Each attempt at an update fails only if another one succeeded in between: so many at the same moment are no mistake any more.
constexpr int max_attempts = 16;

registry_refusal to_refusal(const store::failure& failure, const std::string& id) {
    switch (failure.code) {
    case store::errc::not_found: return {reason::not_found, fmt::format("{} is not registered.", id)};
    case store::errc::already_exists: return {reason::already_exists, fmt::format("'{}' is already registered.", id)};
    case store::errc::precondition_failed: return {reason::precondition_failed, "Precondition failed: the ETag does not match."};
    case store::errc::too_many: return {reason::too_many, fmt::format("A device has at most {} modules.", store::modules_max)};
    case store::errc::full: return {reason::unavailable, "The hub's disk is full. Nothing was changed."};
    case store::errc::busy: return {reason::unavailable, "Too much waits for the hub's disk. Nothing was changed."};
    case store::errc::closed: return {reason::unavailable, "The hub is stopping."};
    case store::errc::failed:
    case store::errc::corrupt: break;
    }
    return {reason::unavailable, "The hub's store failed."};
}

void refuse(registry_refusal why, run_queue& home, registry_answer<store::device> done) {
    home.post([done = std::move(done), why = std::move(why)]() mutable { done(std::unexpected(std::move(why))); });
}

/// .NET's ticks, of 100 ns since the year 1: what Azure's generation ids look like.
std::int64_t ticks(wall_time time) { return time.time_since_epoch().count() * 10'000 + 621'355'968'000'000'000; }

} // namespace

registry::registry(store::device_registry& devices, const settings&, const wall_clock& clock) : devices_(devices), clock_(clock) {}

store::condition registry::parse_if_match(std::optional<std::string_view> header) {
    if (!header)
        return store::must_not_exist{};
    auto text = *header;
    if (text.starts_with("W/"))
        text.remove_prefix(2);
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
        text = text.substr(1, text.size() - 2);
    if (text == "*")
        return store::must_exist{};
    return store::must_match{std::string(text)};
}

/// Numbers rise even while the clock stands still: a device that is created anew within a millisecond is another one all the same.
rule_context registry::rules_now() {
    const auto now = clock_.now();
    auto last = last_number_.load();
    auto next = std::max(last + 1, ticks(now));
    while (!last_number_.compare_exchange_weak(last, next))
        next = std::max(last + 1, ticks(now));
    return {devices_, now, std::to_string(next)};
}

std::optional<store::device> registry::find(std::string_view id) const {
    const auto found = look_up(std::string(id));
    return found ? std::optional(*found) : std::nullopt;
}

void registry::put(std::string id, boost::json::value body, store::condition when, run_queue& home, registry_answer<store::device> done) {
    change asked{std::move(id), std::move(body), std::move(when)};
    if (std::holds_alternative<store::must_not_exist>(asked.when))
        return create(asked, home, std::move(done));
    update(std::move(asked), home, std::move(done), max_attempts);
}

void registry::create(const change& asked, run_queue& home, registry_answer<store::device> done) {
    auto made = new_device(asked.id, asked.body, rules_now());
    if (!made)
        return refuse(std::move(made.error()), home, std::move(done));
    auto answer = [this, id = asked.id, done = std::move(done)](stored result) mutable {
        if (!result)
            return done(std::unexpected(to_refusal(result.error(), id)));
        if (on_created)
            on_created(*result);
        done(*std::move(result));
    };
    devices_.put(*std::move(made), store::must_not_exist{}, {home, std::move(answer)});
}

/// The new version is made from the one that it replaces and from no other; if that one has been replaced by the time of the write,
/// an update of whatever is there begins anew.
void registry::update(change asked, run_queue& home, registry_answer<store::device> done, int attempts) {
    const auto present = find(asked.id);
    if (const auto wrong = store::refusal(asked.when, asked.id, present ? &*present : nullptr))
        return refuse(to_refusal(*wrong, asked.id), home, std::move(done));
    auto next = changed_device(*present, asked.body, rules_now());
    if (!next)
        return refuse(std::move(next.error()), home, std::move(done));
    store::condition same = store::must_match{present->etag};
    auto answer = [this, &home, attempts, before = *present, asked = std::move(asked), done = std::move(done)](stored result) mutable {
        const bool overtaken = !result && result.error().code == store::errc::precondition_failed;
        const bool any_will_do = std::holds_alternative<store::must_exist>(asked.when);
        if (overtaken && any_will_do && attempts > 1)
            return update(std::move(asked), home, std::move(done), attempts - 1);
        if (overtaken && any_will_do)
            return done(std::unexpected(registry_refusal{reason::unavailable, "Others are changing the device all the time."}));
        if (!result)
            return done(std::unexpected(to_refusal(result.error(), asked.id)));
        if (on_changed)
            on_changed(before, *result);
        done(*std::move(result));
    };
    devices_.put(*std::move(next), std::move(same), {home, std::move(answer)});
}

void registry::remove(std::string id, store::condition when, run_queue& home, registry_answer<store::device> done) {
    if (std::holds_alternative<store::must_not_exist>(when))
        when = store::must_exist{};
    auto& thread = thread_of ? thread_of(id) : home;
    auto answer = [this, id, &home, modules = devices_.list_modules(id), done = std::move(done)](stored result) mutable {
        if (!result)
            return refuse(to_refusal(result.error(), id), home, std::move(done));
        for (const auto& each : modules)
            if (on_changed)
                on_changed(each, std::nullopt);
        if (on_changed)
            on_changed(*result, std::nullopt);
        home.post([done = std::move(done), removed = *std::move(result)]() mutable { done(std::move(removed)); });
    };
    devices_.remove(std::move(id), std::move(when), {thread, std::move(answer)});
}

} // namespace capstan::hub
