#include "store/rocksdb/device_registry.hpp"

#include <fmt/format.h>

#include "store/registry_rules.hpp"
#include "store/rocksdb/device_json.hpp"
#include "store/rocksdb/keys.hpp"

namespace capstan::store {

outcome<std::optional<device>> stored(database& data, std::string_view id) {
    const auto found = data.get(data.registry(), id);
    if (!found)
        return std::unexpected(found.error());
    if (!*found)
        return std::nullopt;
    std::optional<device> decoded = device_from_json(**found);
    if (!decoded)
        return std::unexpected(corrupt(fmt::format("the device '{}'", id), (**found).size()));
    return decoded;
}

namespace {

/// Hands over key and content of every entry whose key begins so.
template<class Use> void for_each_below(database& data, const std::string& prefix, Use use) {
    const auto at = data.iterate(data.registry());
    for (at->Seek(prefix); at->Valid() && at->key().starts_with(prefix); at->Next())
        use(at->key().ToStringView(), at->value().ToStringView());
}

} // namespace

outcome<void> rocksdb_device_registry::recover(database& data) {
    cache_.clear();
    const auto found = data.get(data.meta(), keys::registry_state);
    if (!found)
        return std::unexpected(found.error());
    if (!*found)
        return {};
    const auto state = values::decode_registry_state(as_bytes(**found));
    if (!state)
        return std::unexpected(corrupt("the state of the device registry", (**found).size()));
    after_round_ = *state;
    const std::lock_guard lock(mutex_);
    state_ = *state;
    return {};
}

// ---- reading, by any thread

std::optional<device> rocksdb_device_registry::find(std::string_view id) const {
    if (is_module_key(id))
        return std::nullopt;
    const auto found = look_up(std::string(id));
    return found ? std::optional(*found) : std::nullopt;
}

std::optional<device> rocksdb_device_registry::find_module(std::string_view device, std::string_view module) const {
    const auto found = look_up(module_key(device, module));
    return found ? std::optional(*found) : std::nullopt;
}

std::shared_ptr<const device> rocksdb_device_registry::look_up(const std::string& key) const {
    auto [known, as_of] = cache_.find(key);
    if (known)
        return known;
    auto read = stored(*data_.get(), key).value_or(std::nullopt); // a device that cannot be read is let in nowhere
    if (!read)
        return nullptr;
    known = std::make_shared<const device>(*std::move(read));
    cache_.keep(known, as_of);
    return known;
}

std::vector<device> rocksdb_device_registry::list_modules(std::string_view of) const {
    std::vector<device> found;
    for_each_below(*data_.get(), module_key(of, ""), [&](std::string_view, std::string_view content) {
        if (std::optional<device> decoded = device_from_json(content))
            found.push_back(*std::move(decoded));
    });
    return found;
}

std::vector<device> rocksdb_device_registry::list(std::string_view after, std::size_t limit) const {
    std::vector<device> found;
    const std::shared_ptr<database> data = data_.get();
    const auto at = data->iterate(data->registry());
    at->Seek(keys::slice(after));
    if (at->Valid() && at->key() == keys::slice(after))
        at->Next();
    for (; at->Valid() && found.size() < limit; at->Next())
        if (is_module_key(at->key().ToStringView()))
            continue;
        else if (std::optional<device> decoded = device_from_json(at->value().ToStringView()))
            found.push_back(*std::move(decoded));
    return found;
}

device_counts rocksdb_device_registry::count() const {
    const std::lock_guard lock(mutex_);
    return state_.counts;
}

// ---- writing: put() and remove() by any thread, the rest by the committer's

void rocksdb_device_registry::put(device value, condition when, reply_to<device> reply) {
    constexpr std::size_t size = 1024; // of a device's JSON, roughly
    writes_.submit<device>(size, std::move(reply), [this, value = std::move(value), when = std::move(when)](write_round& round) mutable {
        return put_now(std::move(value), when, round);
    });
}

outcome<device> rocksdb_device_registry::put_now(device value, const condition& when, write_round& round) {
    const outcome<std::optional<device>> before = in_round(round.data, value.id);
    if (!before)
        return std::unexpected(before.error());
    const device* current = *before ? &**before : nullptr;
    if (std::optional<failure> refused = refusal(when, value.id, current))
        return std::unexpected(*std::move(refused));
    if (is_module_key(value.id)) {
        const std::string of(device_in(value.id));
        const outcome<std::optional<device>> whole = in_round(round.data, of);
        if (!whole || !*whole)
            return std::unexpected(whole ? no_such_device(of) : whole.error());
        if (!current && modules_in_round(of, round.data).size() >= modules_max)
            return std::unexpected(too_many_modules());
    }
    value.etag = etag_of(++after_round_.changes);
    after_round_.counts = counts_after(after_round_.counts, current, &value);
    round.changes.Put(round.data.registry(), value.id, device_to_json(value));
    round_[value.id] = value;
    return value;
}

void rocksdb_device_registry::remove(std::string id, condition when, reply_to<device> reply) {
    writes_.submit<device>(0, std::move(reply),
                           [this, id = std::move(id), when = std::move(when)](write_round& round) { return remove_now(id, when, round); });
}

outcome<device> rocksdb_device_registry::remove_now(const std::string& id, const condition& when, write_round& round) {
    const outcome<std::optional<device>> before = in_round(round.data, id);
    if (!before)
        return std::unexpected(before.error());
    const device* current = *before ? &**before : nullptr;
    if (std::optional<failure> refused = refusal(when, id, current))
        return std::unexpected(*std::move(refused));
    if (!current)
        return std::unexpected(no_such_device(id));
    std::vector<std::string> gone = modules_in_round(id, round.data);
    gone.push_back(id);
    for (const std::string& each : gone)
        if (const outcome<void> dropped = commands_.drop_now(each, round); !dropped)
            return std::unexpected(dropped.error());
    device removed = *current;
    after_round_.counts = counts_after(after_round_.counts, current, nullptr);
    for (const std::string& each : gone)
        erase(each, round);
    return removed;
}

void rocksdb_device_registry::erase(const std::string& key, write_round& round) {
    round.changes.Delete(round.data.registry(), key);
    round.changes.Delete(round.data.meta(), keys::activity(key));
    round_[key] = std::nullopt;
}

/// Those that are durable, and those of the open round.
std::vector<std::string> rocksdb_device_registry::modules_in_round(const std::string& id, database& data) const {
    const std::string prefix = module_key(id, "");
    std::vector<std::string> found;
    for_each_below(data, prefix, [&](std::string_view key, std::string_view) {
        if (!round_.contains(std::string(key)))
            found.emplace_back(key);
    });
    for (const auto& [key, content] : round_)
        if (content && key.starts_with(prefix))
            found.push_back(key);
    return found;
}

// ---- when devices were last heard of

std::optional<device_activity> rocksdb_device_registry::activity(std::string_view id) const {
    const std::shared_ptr<database> data = data_.get();
    const auto stored = data->get(data->meta(), keys::activity(id));
    return stored && *stored ? values::decode_activity(id, as_bytes(**stored)) : std::nullopt;
}

void rocksdb_device_registry::keep_activity(std::vector<device_activity> seen, reply_to<void> reply) {
    const std::size_t size = seen.size() * 64;
    writes_.submit<void>(size, std::move(reply),
                         [this, seen = std::move(seen)](write_round& round) { return keep_activity_now(seen, round); });
}

outcome<void> rocksdb_device_registry::keep_activity_now(const std::vector<device_activity>& seen, write_round& round) {
    for (const device_activity& each : seen) {
        const outcome<std::optional<device>> registered = in_round(round.data, each.id);
        if (!registered)
            return std::unexpected(registered.error());
        if (*registered)
            round.changes.Put(round.data.meta(), keys::activity(each.id), keys::slice(values::encode(each)));
    }
    return {};
}

/// The device as it will be when the round is committed as far as it has got.
outcome<std::optional<device>> rocksdb_device_registry::in_round(database& data, const std::string& id) const {
    if (const auto changed = round_.find(id); changed != round_.end())
        return changed->second;
    return stored(data, id);
}

void rocksdb_device_registry::seal(write_round& round) {
    if (!round_.empty())
        round.changes.Put(round.data.meta(), keys::slice(keys::registry_state), keys::slice(values::encode(after_round_)));
}

void rocksdb_device_registry::committed() {
    if (round_.empty())
        return;
    for (const auto& [key, content] : round_)
        cache_.forget(key);
    round_.clear();
    const std::lock_guard lock(mutex_);
    state_ = after_round_;
}

void rocksdb_device_registry::abandoned() {
    round_.clear();
    const std::lock_guard lock(mutex_);
    after_round_ = state_;
}

} // namespace capstan::store
