#include "hub/telemetry/telemetry_batch.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "hub/conditions.hpp"
#include "hub/routing/enrich.hpp"
#include "hub/routing/message_subject.hpp"
#include "hub/routing/router.hpp"
#include "hub/telemetry/event_hub.hpp"

namespace capstan::hub {
namespace {

std::unexpected<amqp::error> malformed(std::string_view why, wall_time now) {
    return std::unexpected(describe(errc::invalid_format, why, now));
}

/// Readers trust the types that the standard gives: a message with others would end theirs, and goes no further. `mend`, where only
/// strings and symbols are mixed up, as some senders do.
enum class fit : std::uint8_t { good, mend };
std::expected<fit, std::string> readable(const amqp::message_view& message) {
    if (auto names = amqp::check_application_properties(message.application_properties().content); !names)
        return std::unexpected(std::move(names.error()));
    if (auto properties = amqp::check_properties(message.properties().content); !properties)
        return amqp::mended(message) ? std::expected<fit, std::string>(fit::mend) : std::unexpected(std::move(properties.error()));
    return fit::good;
}

/// A batch that turns out to be smaller than the one before keeps so much in vain while it is being committed.
constexpr std::size_t largest_reserve = 16 * 1024;

/// Messages; a third of a MiB for each thread.
constexpr std::size_t largest_kept_batch = 1024;

/// FNV-1a, 64 bits: stable across builds and machines, which std::hash is not. Modules go with their device.
std::uint64_t hash_of(std::string_view device) {
    std::uint64_t hash = 14695981039346656037u;
    for (const char c : device)
        hash = (hash ^ static_cast<std::uint8_t>(c)) * 1099511628211u;
    return hash ^ (hash >> 32);
}

} // namespace

std::uint64_t partition_hash(std::string_view device) { return hash_of(device); }

telemetry_batch::telemetry_batch(hub& of, routing::sender who)
    : hub_(of), stamp_(stamp_pairs(who.stamp())), device_hash_(hash_of(who.device)), batches_(of.event_hubs().size()) {
    if (of.router() != nullptr)
        routed_ = std::make_unique<const routing::sender>(std::move(who));
}

std::expected<void, amqp::error> telemetry_batch::take(bytes_view octets, std::uint32_t format, wall_time now) {
    const auto message = amqp::message_view::parse(octets);
    if (!message)
        return malformed(message.error(), now);
    const auto limit = hub_.config().telemetry_size_max;
    if (amqp::accounted_size(*message) > limit)
        return std::unexpected(describe(errc::message_too_large, fmt::format("The message is larger than {} bytes.", limit), now));
    if (format == amqp::batched_message_format)
        return take_batch(*message, now);
    const auto fits = readable(*message);
    if (!fits)
        return malformed(fits.error(), now);
    fits == fit::good ? take_message(*message, now) : take_mended(*message, now);
    return {};
}

/// All messages of a batch are looked at before any is taken.
std::expected<void, amqp::error> telemetry_batch::take_batch(const amqp::message_view& batch, wall_time now) {
    // Views are large, and their number is known only at the end: the room for them is kept.
    static thread_local std::vector<amqp::message_view> room;
    auto messages = std::exchange(room, {});
    messages.clear();
    std::expected<fit, std::string> fits = fit::good; // all so far
    const auto look = [&](const amqp::message_view& each) {
        if (auto one = fits ? readable(each) : fits; one != fit::good)
            fits = std::move(one);
        messages.push_back(each);
    };
    if (const auto whole = amqp::for_each_batched(batch, look); !whole)
        return malformed(whole.error(), now);
    if (!fits)
        return malformed(fits.error(), now);
    for (const auto& each : messages)
        fits == fit::good || readable(each) == fit::good ? take_message(each, now) : take_mended(each, now);
    if (messages.capacity() <= largest_kept_batch)
        room = std::move(messages);
    return {};
}

void telemetry_batch::take_mended(const amqp::message_view& message, wall_time now) {
    const auto octets = amqp::mended(message).value();
    take_message(amqp::message_view::parse(octets).value(), now);
}

void telemetry_batch::take_message(const amqp::message_view& message, wall_time now) {
    static thread_local annotation_pairs pairs; // what it holds is only for now
    message_pairs(message, pairs);
    if (routed_ == nullptr)
        return add_to(0, pairs, message, now);
    const auto stamp = routed_->stamp();
    const auto chosen = hub_.router()->choose(routing::message_subject(message, stamp, now));
    for (std::size_t index = 0; index < batches_.size(); ++index)
        if (chosen & (routing::built_in << index))
            add_to(index, pairs, message, now);
}

void telemetry_batch::add_to(std::size_t event_hub, const annotation_pairs& pairs, const amqp::message_view& message, wall_time now) {
    bytes rewritten; // what `bare` points to where sections were not described as readers know them
    const auto bare = message.bare(rewritten);
    const auto added = routed_ ? hub_.router()->enrichments(event_hub) : std::span<const routing::property>();
    auto& to = batches_[event_hub];
    if (to.count() == 0) { // what comes in one turn has come at one time
        const auto stamp = stamp_pairs_at(stamp_, now);
        to.reserve(usual_size_);
        to.stamp(stamp.count, stamp.encoded);
    }
    if (added.empty())
        return to.add(pairs.count, pairs.encoded, bare.pieces());
    bytes enriched;
    routing::enrich(message, added, enriched);
    const auto checked = amqp::message_view::parse(enriched);
    if (!checked || amqp::accounted_size(*checked) > hub_.config().telemetry_size_max) {
        hub_.router()->counts().invalid.fetch_add(1, std::memory_order_relaxed); // this endpoint goes without it, as Azure's do
        return;
    }
    const bytes_view pieces[] = {enriched};
    to.add(pairs.count, pairs.encoded, pieces);
}

std::size_t telemetry_batch::size() const {
    std::size_t size = 0;
    for (const auto& each : batches_)
        size += each.framed().size();
    return size;
}

void telemetry_batch::append(run_queue& home, reply durable) {
    const auto filled = [](const store::event_batch& each) { return each.count() > 0; };
    const auto targets = static_cast<std::size_t>(std::ranges::count_if(batches_, filled));
    if (targets == 0) // the routes lead nowhere: there is nothing to wait for
        return home.post([durable = std::move(durable)] { durable({}); });
    if (targets > 1)
        return append_to_several(targets, home, std::move(durable));
    const auto only = std::ranges::find_if(batches_, filled) - batches_.begin();
    append_to(static_cast<std::size_t>(only), home, std::move(durable));
}

void telemetry_batch::append_to(std::size_t event_hub, run_queue& home, reply durable) {
    auto& log = hub_.event_hubs()[event_hub]->log();
    const auto partition = static_cast<store::partition_id>(device_hash_ % log.partition_count());
    usual_size_ = std::min(batches_[event_hub].framed().size(), largest_reserve);
    log.append(partition, std::exchange(batches_[event_hub], {}), {home, std::move(durable)});
}

/// Accepted when it is in all of them. Where one log fails, the device sends again, and the others have it twice: at least once.
void telemetry_batch::append_to_several(std::size_t targets, run_queue& home, reply durable) {
    struct pending {
        std::size_t waits;
        store::outcome<void> result{};
    };
    auto all = std::make_shared<pending>(targets);
    for (std::size_t index = 0; index < batches_.size(); ++index) {
        if (batches_[index].count() == 0)
            continue;
        append_to(index, home, [all, durable](const store::outcome<void>& result) {
            if (!result)
                all->result = result;
            if (--all->waits == 0)
                durable(all->result);
        });
    }
}

} // namespace capstan::hub
