#include "hub/endpoints/commands_in.hpp"

#include "hub/commands/command_center.hpp"
#include "hub/commands/command_message.hpp"

namespace capstan::hub {
namespace {

/// The queue of the device that a message's `to` names. The id may be encoded or not: whichever reading is a device's counts.
std::optional<store::device> target_of(std::string_view to, hub& hub) {
    const auto where = parse_address(to);
    if (where.what != node::device_bound || where.module) // modules are sent no commands
        return std::nullopt;
    for (const auto& reading : where.device->readings)
        if (auto found = hub.store().devices().find(reading))
            return found;
    return std::nullopt;
}

constexpr std::uint32_t command_credit = 1000;

} // namespace

void commands_in_endpoint::open() { engine().accept(link_, {.snd_settle_mode = info().snd_settle_mode, .credit = command_credit}); }

void commands_in_endpoint::on_credit() { top_up(command_credit, static_cast<std::uint32_t>(unanswered_)); }

void commands_in_endpoint::on_delivery(const amqp::delivery& delivery) {
    if (meter_ && meter_->holds(delivery))
        return;
    if (auto taken = take(delivery); !taken)
        reject(delivery, std::move(taken.error()));
    top_up(command_credit, static_cast<std::uint32_t>(unanswered_));
}

std::expected<void, amqp::error> commands_in_endpoint::take(const amqp::delivery& delivery) {
    const auto now = with_.now();
    const auto message = amqp::message_view::parse(delivery.payload);
    if (!message)
        return std::unexpected(amqp::error(amqp::condition::decode_error, message.error()));
    auto incoming = read_command(*message, with_.hub.config(), now);
    if (!incoming)
        return std::unexpected(std::move(incoming.error()));
    const auto target = target_of(incoming->to, with_.hub);
    // Azure says the same of a device that is disabled (contract/semantics.md, 1.8).
    if (!target || !target->enabled)
        return std::unexpected(describe(errc::device_not_found, "The device in 'to' is not registered: " + incoming->to, now));
    ++unanswered_;
    ++with_.unanswered;
    auto taken = [self = weak<commands_in_endpoint>(), id = delivery.id, settled = delivery.settled](std::optional<amqp::error> error) {
        if (const auto live = self.lock())
            live->on_taken(id, settled, std::move(error));
    };
    with_.hub.commands().enqueue(target->id, std::move(incoming->command), with_.home(), std::move(taken));
    return {};
}

void commands_in_endpoint::on_taken(amqp::delivery_id id, bool settled, std::optional<amqp::error> error) {
    --unanswered_;
    --with_.unanswered;
    const auto state = error ? amqp::delivery_state::rejected(std::move(*error)) : amqp::delivery_state::accepted();
    if (!settled)
        engine().settle(link_, id, id, state);
    top_up(command_credit, static_cast<std::uint32_t>(unanswered_));
    with_.wake();
}

} // namespace capstan::hub
