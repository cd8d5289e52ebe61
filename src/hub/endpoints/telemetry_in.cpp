#include "hub/endpoints/telemetry_in.hpp"

namespace capstan::hub {
namespace {

/// contract/iothub-amqp.md, 5.4.
constexpr std::uint32_t telemetry_credit = 1000;

/// The longest identifier of a digital twin model (DTDL): it is stamped on each event.
constexpr std::size_t model_id_max = 2048;

std::string model_id(const amqp::link_info& link) {
    const auto properties = amqp::decode_value({link.properties});
    const auto* map = properties ? properties->get<amqp::map>() : nullptr;
    const auto* found = map ? map->find("com.microsoft:model-id") : nullptr;
    const auto text = found ? found->text().value_or("") : std::string_view();
    return text.size() <= model_id_max ? std::string(text) : std::string();
}

} // namespace

routing::sender sender_of(const store::device& holder, identities::proof by, std::string model_id) {
    const bool module = store::is_module_key(holder.id);
    return {.device = std::string(store::device_in(holder.id)),
            .module = module ? std::string(store::module_in(holder.id)) : std::string(),
            .generation_id = holder.generation_id,
            .auth_method = auth_method_text(by, module),
            .model_id = std::move(model_id)};
}

telemetry_in_endpoint::telemetry_in_endpoint(conversation& with, amqp::link_id link, const store::device& sender, identities::proof by)
    : endpoint(with, link), meter_(delivery_meter::make(with, *this, operation::telemetry)),
      batch_(with.hub, sender_of(sender, by, model_id(*with.engine.find(link)))) {}

telemetry_in_endpoint::~telemetry_in_endpoint() {
    with_.unanswered -= unanswered_ + gathered_.deliveries;
    with_.bytes_in_flight -= bytes_ + gathered_.bytes;
    with_.hub.bytes_in_flight() -= gathered_.bytes; // of the others the store's answer is still to come
}

void telemetry_in_endpoint::open() { engine().accept(link_, {.snd_settle_mode = info().snd_settle_mode, .credit = telemetry_credit}); }

void telemetry_in_endpoint::on_credit() { top_up(telemetry_credit, static_cast<std::uint32_t>(unanswered_)); }

void telemetry_in_endpoint::on_delivery(const amqp::delivery& delivery) {
    if (meter_ && meter_->holds(delivery))
        return;
    if (gathered_.deliveries == 0)
        came_ = with_.now();
    const auto before = batch_.size();
    if (auto taken = batch_.take(delivery.payload, delivery.message_format, came_); !taken) {
        reject(delivery, std::move(taken.error()));
        return top_up(telemetry_credit, static_cast<std::uint32_t>(unanswered_));
    }
    gather(delivery, batch_.size() - before);
    if (std::exchange(flush_posted_, true))
        return;
    with_.home().post([self = weak<telemetry_in_endpoint>()] {
        if (const auto live = self.lock())
            live->flush();
    });
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
    with_.hub.bytes_in_flight() += stored;
}

void telemetry_in_endpoint::flush() {
    flush_posted_ = false;
    if (gathered_.deliveries == 0)
        return;
    note_activity();
    auto done = std::exchange(gathered_, {});
    unanswered_ += done.deliveries;
    bytes_ += done.bytes;
    with_.hub.intake().begins(done.bytes);
    auto durable = [self = weak<telemetry_in_endpoint>(), &hub = with_.hub, done = std::move(done)](const store::outcome<void>& result) {
        hub.intake().ends(done.bytes);
        hub.bytes_in_flight() -= done.bytes; // until now the store has held them, whether the link is still there or not
        if (const auto live = self.lock())
            live->on_durable(done, result);
    };
    batch_.append(with_.home(), std::move(durable));
}

void telemetry_in_endpoint::on_durable(const group& done, const store::outcome<void>& result) {
    unanswered_ -= done.deliveries;
    bytes_ -= done.bytes;
    with_.unanswered -= done.deliveries;
    with_.bytes_in_flight -= done.bytes;
    const auto state = result ? amqp::delivery_state::accepted() : amqp::delivery_state::rejected(describe(result.error(), with_.now()));
    if (!result)
        with_.refused("message", state.error, link_);
    for (const auto& [first, last] : done.runs)
        engine().settle(link_, static_cast<amqp::delivery_id>(first), static_cast<amqp::delivery_id>(last), state);
    top_up(telemetry_credit, static_cast<std::uint32_t>(unanswered_));
    with_.wake();
}

} // namespace capstan::hub
