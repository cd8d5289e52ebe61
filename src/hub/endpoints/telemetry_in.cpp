#include "hub/endpoints/telemetry_in.hpp"

#include <algorithm>

#include "hub/routing/enrich.hpp"
#include "hub/routing/message_subject.hpp"
#include "hub/routing/router.hpp"
#include "hub/telemetry/event_hub.hpp"

namespace capstan::hub {
namespace {

/// contract/iothub-amqp.md, 5.4.
constexpr std::uint32_t telemetry_credit = 1000;

/// The longest identifier of a digital twin model (DTDL): it is stamped on each event.
constexpr std::size_t model_id_max = 2048;

/// What the hub adds to the events of one batch. A batch may hold 10,000 empty messages; each is stamped with some 300
/// bytes, or 600 when all names are as long as they may be. The log refuses what is larger than all that may wait for it (128 MB).
constexpr std::size_t batch_stamps_max = 16u << 20;

std::unexpected<amqp::error> malformed(std::string_view why) { return std::unexpected(amqp::error(amqp::condition::decode_error, why)); }

/// Readers trust the types that the standard gives: a message with others would end theirs, and goes no further.
std::expected<void, std::string> readable(const amqp::message_view& message) {
    if (auto properties = amqp::check_properties(message.properties().content); !properties)
        return properties;
    return amqp::check_application_properties(message.application_properties().content);
}

std::string model_id(const amqp::link_info& link) {
    const auto properties = amqp::decode_value({link.properties});
    const auto* map = properties ? properties->get<amqp::map>() : nullptr;
    const auto* found = map ? map->find("com.microsoft:model-id") : nullptr;
    const auto text = found ? found->text().value_or("") : std::string_view();
    return text.size() <= model_id_max ? std::string(text) : std::string();
}

routing::sender sender_on(conversation& with, amqp::link_id link, const store::device& device, std::string module, identities::proof by) {
    auto auth_method = auth_method_text(by, !module.empty());
    return {device.id, std::move(module), device.generation_id, std::move(auth_method), model_id(*with.engine.find(link))};
}

/// FNV-1a, 64 bits: stable across builds and machines, which std::hash is not. Modules go with their device.
std::uint64_t hash_of(std::string_view device) {
    std::uint64_t hash = 14695981039346656037u;
    for (const char c : device)
        hash = (hash ^ static_cast<std::uint8_t>(c)) * 1099511628211u;
    return hash ^ (hash >> 32);
}

} // namespace

store::partition_id partition_of(std::string_view device, store::partition_id count) {
    return static_cast<store::partition_id>(hash_of(device) % count);
}

telemetry_in_endpoint::telemetry_in_endpoint(conversation& with, amqp::link_id link, const store::device& sender, std::string module,
                                             identities::proof by)
    : telemetry_in_endpoint(with, link, sender_on(with, link, sender, std::move(module), by)) {}

telemetry_in_endpoint::telemetry_in_endpoint(conversation& with, amqp::link_id link, routing::sender who)
    : endpoint(with, link), stamp_(stamp_pairs(who.stamp())), device_hash_(hash_of(who.device)), batches_(with.hub.event_hubs().size()) {
    if (with.hub.router() != nullptr)
        routed_ = std::make_unique<const routing::sender>(std::move(who));
}

telemetry_in_endpoint::~telemetry_in_endpoint() {
    with_.unanswered -= unanswered_ + gathered_.deliveries;
    with_.bytes_in_flight -= bytes_ + gathered_.bytes;
    with_.hub.bytes_in_flight() -= bytes_;
}

void telemetry_in_endpoint::open() { engine().accept(link_, {.snd_settle_mode = info().snd_settle_mode, .credit = telemetry_credit}); }

void telemetry_in_endpoint::on_credit() { top_up(telemetry_credit, static_cast<std::uint32_t>(unanswered_)); }

void telemetry_in_endpoint::on_delivery(const amqp::delivery& delivery) {
    const auto before = stored();
    if (auto taken = take(delivery); !taken) {
        reject(delivery, std::move(taken.error()));
        return top_up(telemetry_credit, static_cast<std::uint32_t>(unanswered_));
    }
    gather(delivery, stored() - before);
    if (std::exchange(flush_posted_, true))
        return;
    with_.home().post([self = weak<telemetry_in_endpoint>()] {
        if (const auto live = self.lock())
            live->flush();
    });
}

/// Decode, limits, stamp: the delivery's events are in the batch, or nothing of it is.
std::expected<void, amqp::error> telemetry_in_endpoint::take(const amqp::delivery& delivery) {
    const auto message = amqp::message_view::parse(delivery.payload);
    if (!message)
        return malformed(message.error());
    const auto limit = with_.hub.config().telemetry_size_max;
    const auto now = with_.now();
    if (amqp::accounted_size(*message) > limit)
        return std::unexpected(describe(errc::message_too_large, fmt::format("The message is larger than {} bytes.", limit), now));
    if (delivery.message_format == amqp::batched_message_format)
        return take_batch(*message, now);
    if (const auto fits = readable(*message); !fits)
        return malformed(fits.error());
    take_message(*message, now);
    return {};
}

/// All messages of a batch are looked at before any is taken.
std::expected<void, amqp::error> telemetry_in_endpoint::take_batch(const amqp::message_view& batch, wall_time now) {
    std::size_t count = 0;
    std::expected<void, std::string> fits;
    const auto look = [&](const amqp::message_view& each) {
        ++count;
        if (fits)
            fits = readable(each);
    };
    if (const auto whole = amqp::for_each_batched(batch, look); !whole)
        return malformed(whole.error());
    if (!fits)
        return malformed(fits.error());
    if (count * stamp_.encoded.size() * batches_.size() > batch_stamps_max)
        return std::unexpected(describe(errc::message_too_large, fmt::format("The batch has too many messages: {}.", count), now));
    static_cast<void>(amqp::for_each_batched(batch, [&](const amqp::message_view& each) { take_message(each, now); }));
    return {};
}

void telemetry_in_endpoint::take_message(const amqp::message_view& message, wall_time now) {
    message_pairs(stamp_, message, now, scratch_);
    if (routed_ == nullptr)
        return add_to(0, message);
    const auto stamp = routed_->stamp();
    const auto chosen = with_.hub.router()->choose(routing::message_subject(message, stamp, now));
    for (std::size_t index = 0; index < batches_.size(); ++index)
        if (chosen & (routing::built_in << index))
            add_to(index, message);
}

void telemetry_in_endpoint::add_to(std::size_t event_hub, const amqp::message_view& message) {
    amqp::bytes rewritten; // what `bare` points to where sections were not described as readers know them
    const auto bare = message.bare(rewritten);
    const auto added = routed_ ? with_.hub.router()->enrichments(event_hub) : std::span<const routing::property>();
    if (added.empty())
        return batches_[event_hub].add(scratch_.count, scratch_.encoded, bare.pieces());
    bytes enriched;
    routing::enrich(message, added, enriched);
    const auto checked = amqp::message_view::parse(enriched);
    if (!checked || amqp::accounted_size(*checked) > with_.hub.config().telemetry_size_max) {
        with_.hub.router()->counts().invalid.fetch_add(1, std::memory_order_relaxed); // this endpoint goes without it, as Azure's do
        return;
    }
    const bytes_view pieces[] = {enriched};
    batches_[event_hub].add(scratch_.count, scratch_.encoded, pieces);
}

std::size_t telemetry_in_endpoint::stored() const {
    std::size_t size = 0;
    for (const auto& each : batches_)
        size += each.framed().size();
    return size;
}

void telemetry_in_endpoint::gather(const amqp::delivery& delivery, std::size_t stored) {
    const auto id = static_cast<std::uint32_t>(delivery.id);
    auto& runs = gathered_.runs;
    // Deliveries that the sender has settled are stored like the others, and nobody waits for an answer.
    if (!delivery.settled) {
        if (!runs.empty() && runs.back().last + 1 == id)
            runs.back().last = id;
        else
            runs.push_back({id, id});
    }
    ++gathered_.deliveries;
    gathered_.bytes += stored;
    ++with_.unanswered;
    with_.bytes_in_flight += stored;
}

void telemetry_in_endpoint::flush() {
    flush_posted_ = false;
    if (gathered_.deliveries == 0)
        return;
    auto done = std::exchange(gathered_, {});
    unanswered_ += done.deliveries;
    bytes_ += done.bytes;
    with_.hub.bytes_in_flight() += done.bytes;
    auto durable = [self = weak<telemetry_in_endpoint>(), done = std::move(done)](const store::outcome<void>& result) {
        if (const auto live = self.lock())
            live->on_durable(done, result);
    };
    const auto targets = static_cast<std::size_t>(std::ranges::count_if(batches_, [](const auto& each) { return each.count() > 0; }));
    if (targets == 0) // the routes lead nowhere: there is nothing to wait for
        return with_.home().post([durable = std::move(durable)]() mutable { durable({}); });
    if (targets == 1)
        return append({with_.home(), std::move(durable)});
    append_to_several(targets, std::move(durable));
}

/// To the only one that gets something.
void telemetry_in_endpoint::append(store::reply_to<void> reply) {
    for (std::size_t index = 0; index < batches_.size(); ++index)
        if (batches_[index].count() > 0)
            return append(index, std::move(reply));
}

void telemetry_in_endpoint::append(std::size_t event_hub, store::reply_to<void> reply) {
    auto& log = with_.hub.event_hubs()[event_hub]->log();
    const auto partition = static_cast<store::partition_id>(device_hash_ % log.partition_count());
    log.append(partition, std::exchange(batches_[event_hub], {}), std::move(reply));
}

/// Accepted when it is in all of them. Where one log fails, the device sends again, and the others have it twice: at least once.
void telemetry_in_endpoint::append_to_several(std::size_t targets, std::function<void(const store::outcome<void>&)> durable) {
    struct pending {
        std::size_t waits;
        store::outcome<void> result{};
    };
    auto all = std::make_shared<pending>(targets);
    for (std::size_t index = 0; index < batches_.size(); ++index) {
        if (batches_[index].count() == 0)
            continue;
        append(index, {with_.home(), [all, durable](const store::outcome<void>& result) {
                           if (!result)
                               all->result = result;
                           if (--all->waits == 0)
                               durable(all->result);
                       }});
    }
}

void telemetry_in_endpoint::on_durable(const group& done, const store::outcome<void>& result) {
    unanswered_ -= done.deliveries;
    bytes_ -= done.bytes;
    with_.unanswered -= done.deliveries;
    with_.bytes_in_flight -= done.bytes;
    with_.hub.bytes_in_flight() -= done.bytes;
    const auto state = result ? amqp::delivery_state::accepted() : amqp::delivery_state::rejected(describe(result.error(), with_.now()));
    for (const auto& [first, last] : done.runs)
        engine().settle(link_, static_cast<amqp::delivery_id>(first), static_cast<amqp::delivery_id>(last), state);
    top_up(telemetry_credit, static_cast<std::uint32_t>(unanswered_));
    with_.wake();
}

} // namespace capstan::hub
