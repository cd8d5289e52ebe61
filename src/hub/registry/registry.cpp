#include "hub/registry/registry.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "auth/base64.hpp"
#include "auth/random.hpp"

namespace capstan::hub {
namespace {

using reason = registry_refusal::reason;

registry_refusal to_refusal(const store::failure& failure, std::string_view id) {
    switch (failure.code) {
    case store::errc::not_found: return {reason::not_found, fmt::format("{} is not registered.", id)};
    case store::errc::already_exists: return {reason::already_exists, fmt::format("A device with ID '{}' is already registered.", id)};
    case store::errc::precondition_failed: return {reason::precondition_failed, "Precondition failed: the ETag does not match."};
    case store::errc::full:
    case store::errc::failed:
    case store::errc::closed:
    case store::errc::corrupt: break;
    }
    return {reason::unavailable, failure.text};
}

/// Base64 of 16 to 64 bytes (contract/rest.md, section 3).
bool valid_key(const std::string& key) {
    const auto raw = auth::from_base64(key);
    return raw && raw->size() >= 16 && raw->size() <= 64;
}

store::condition to_condition(const registry::if_match& match) {
    if (!match.given)
        return store::must_not_exist{};
    if (match.etag.empty())
        return store::must_exist{};
    return store::must_match{match.etag};
}

} // namespace

registry::registry(store::device_registry& devices, const settings& settings, const wall_clock& clock)
    : devices_(devices), settings_(settings), clock_(clock) {}

bool registry::valid_id(std::string_view id) {
    constexpr std::string_view others = "-:.+%_#*?!(),=@;$'";
    const auto allowed = [&](unsigned char c) { return (c < 128 && std::isalnum(c)) || others.find(static_cast<char>(c)) != others.npos; };
    return !id.empty() && id.size() <= 128 && std::ranges::all_of(id, allowed);
}

registry::if_match registry::parse_if_match(std::string_view header, bool given) {
    if (header.starts_with("W/"))
        header.remove_prefix(2);
    if (header.size() >= 2 && header.front() == '"' && header.back() == '"')
        header = header.substr(1, header.size() - 2);
    return {given, header == "*" ? std::string() : std::string(header)};
}

/// The device as it is to be stored: what the body says over what is there.
std::expected<store::device, registry_refusal> registry::next_version(const std::string& id, const boost::json::value& body,
                                                                      const std::optional<store::device>& present, bool create) const {
    const auto now = clock_.now();
    store::device base;
    base.id = id;
    if (present && !create)
        base = *present;
    // An empty key in the body of an update means: as it is. In that of a new device: make one.
    auto merged = merge_json(base, body);
    if (!merged)
        return std::unexpected(registry_refusal{reason::invalid, merged.error()});
    if (create)
        merged->generation_id = std::to_string(now.time_since_epoch().count() * 10'000 + 621'355'968'000'000'000);
    if (merged->primary_key.empty())
        merged->primary_key = base.primary_key;
    if (merged->secondary_key.empty())
        merged->secondary_key = base.secondary_key;
    const bool by_key = merged->authentication == store::authentication_type::sas;
    for (auto* key : {&merged->primary_key, &merged->secondary_key}) {
        if (by_key && key->empty())
            *key = auth::random_key();
        if (!key->empty() && !valid_key(*key))
            return std::unexpected(registry_refusal{reason::invalid, "A key must be base64 of 16 to 64 bytes."});
    }
    if (!create && merged->enabled != base.enabled)
        merged->status_updated = now;
    if (merged->edge && merged->scope.empty())
        merged->scope = fmt::format("ms-azure-iot-edge://{}-{}", id, now.time_since_epoch().count() * 10'000 + 621'355'968'000'000'000);
    return *merged;
}

void registry::put(std::string id, const boost::json::value& body, const if_match& condition, run_queue& home,
                   registry_answer<store::device> done) {
    const auto answer_later = [&](registry_refusal why) {
        home.post([done = std::move(done), why = std::move(why)]() mutable { done(std::unexpected(std::move(why))); });
    };
    if (!valid_id(id))
        return answer_later({reason::invalid, fmt::format("'{}' is not a valid device id.", id)});
    const auto present = devices_.find(id);
    auto next = next_version(id, body, present, !condition.given);
    if (!next)
        return answer_later(std::move(next.error()));
    devices_.put(std::move(*next), to_condition(condition),
                 {home, [id, done = std::move(done)](store::outcome<store::device> stored) mutable {
                      if (stored)
                          done(std::move(*stored));
                      else
                          done(std::unexpected(to_refusal(stored.error(), id)));
                  }});
}

void registry::remove(std::string id, const if_match& condition, run_queue& home, registry_answer<store::device> done) {
    auto when = condition.given ? to_condition(condition) : store::condition(store::must_exist{});
    devices_.remove(id, std::move(when), {home, [this, id, done = std::move(done)](store::outcome<store::device> removed) mutable {
                                              if (!removed)
                                                  return done(std::unexpected(to_refusal(removed.error(), id)));
                                              if (on_removed)
                                                  on_removed(*removed);
                                              done(std::move(*removed));
                                          }});
}

} // namespace capstan::hub
