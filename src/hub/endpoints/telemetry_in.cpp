#include "hub/endpoints/telemetry_in.hpp"

#include <spdlog/spdlog.h>

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

annotation_pairs make_stamp(conversation& with, amqp::link_id link, const store::device& sender, std::string_view module,
                            identities::proof by) {
    const auto auth_method = auth_method_text(by, !module.empty());
    const auto model = model_id(*with.engine.find(link));
    return stamp_pairs(
        {.device = sender.id, .module = module, .generation_id = sender.generation_id, .auth_method = auth_method, .model_id = model});
}

} // namespace

/// FNV-1a, 64 bits: stable across builds and machines, which std::hash is not. Modules go with their device.
store::partition_id partition_of(std::string_view device, store::partition_id count) {
    std::uint64_t hash = 14695981039346656037u;
    for (const char c : device)
        hash = (hash ^ static_cast<std::uint8_t>(c)) * 1099511628211u;
    return static_cast<store::partition_id>((hash ^ (hash >> 32)) % count);
}

telemetry_in_endpoint::telemetry_in_endpoint(conversation& with, amqp::link_id link, const store::device& sender, std::string module,
                                             identities::proof by)
    : endpoint(with, link), stamp_(make_stamp(with, link, sender, module, by)),
      partition_(partition_of(sender.id, with.hub.store().telemetry().partition_count())) {}

telemetry_in_endpoint::~telemetry_in_endpoint() {
    with_.unanswered -= unanswered_ + gathered_.deliveries;
    with_.bytes_in_flight -= bytes_ + gathered_.bytes;
    with_.hub.bytes_in_flight() -= bytes_;
}

void telemetry_in_endpoint::open() { engine().accept(link_, {.snd_settle_mode = info().snd_settle_mode, .credit = telemetry_credit}); }

void telemetry_in_endpoint::on_credit() { top_up(telemetry_credit, static_cast<std::uint32_t>(unanswered_)); }

void telemetry_in_endpoint::on_delivery(const amqp::delivery& delivery) {
    const auto before = batch_.framed().size();
    if (auto taken = take(delivery); !taken) {
        reject(delivery, std::move(taken.error()));
        return top_up(telemetry_credit, static_cast<std::uint32_t>(unanswered_));
    }
    gather(delivery, batch_.framed().size() - before);
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
    if (count * stamp_.encoded.size() > batch_stamps_max)
        return std::unexpected(describe(errc::message_too_large, fmt::format("The batch has too many messages: {}.", count), now));
    static_cast<void>(amqp::for_each_batched(batch, [&](const amqp::message_view& each) { take_message(each, now); }));
    return {};
}

void telemetry_in_endpoint::take_message(const amqp::message_view& message, wall_time now) {
    message_pairs(stamp_, message, now, scratch_);
    amqp::bytes rewritten; // what `bare` points to where sections were not described as readers know them
    const auto bare = message.bare(rewritten);
    batch_.add(scratch_.count, scratch_.encoded, bare.pieces());
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
    with_.hub.store().telemetry().append(partition_, std::exchange(batch_, {}), {with_.home(), std::move(durable)});
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
