#include "hub/endpoints/commands_in.hpp"

#include "hub/commands/command_center.hpp"
#include "hub/commands/command_message.hpp"

namespace capstan::hub {
namespace {

/// The queue of the device or module that a message's `to` names. An id may be encoded or not: whichever reading is a device's counts.
/// Azure says the same of a device that is disabled as of one that is not there (contract/semantics.md, 1.8).
std::expected<std::string, errc> target_of(std::string_view to, hub& hub) {
    const auto where = parse_address(to);
    auto missing = errc::device_not_found;
    if (where.what != node::device_bound)
        return std::unexpected(missing);
    const auto& devices = hub.store().devices();
    for (const auto& reading : where.device->readings) {
        const auto device = devices.find(reading);
        if (!device || !device->enabled)
            continue;
        if (!where.module)
            return device->id;
        missing = errc::module_not_found;
        for (const auto& inner : where.module->readings)
            if (const auto module = devices.find_module(device->id, inner))
                return module->id;
    }
    return std::unexpected(missing);
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
        return std::unexpected(describe(errc::invalid_format, message.error(), now));
    auto incoming = read_command(*message, with_.hub.config(), now);
    if (!incoming)
        return std::unexpected(std::move(incoming.error()));
    const auto target = target_of(incoming->to, with_.hub);
    if (!target)
        return std::unexpected(describe(target.error(), "The device or module in 'to' is not registered: " + incoming->to, now));
    ++unanswered_;
    ++with_.unanswered;
    auto taken = [self = weak<commands_in_endpoint>(), id = delivery.id, settled = delivery.settled](std::optional<amqp::error> error) {
        if (const auto live = self.lock())
            live->on_taken(id, settled, std::move(error));
    };
    with_.hub.commands().enqueue(*target, std::move(incoming->command), with_.home(), std::move(taken));
    return {};
}

void commands_in_endpoint::on_taken(amqp::delivery_id id, bool settled, std::optional<amqp::error> error) {
    --unanswered_;
    --with_.unanswered;
    error ? reject(id, id, settled, std::move(*error)) : accept(id, settled);
    top_up(command_credit, static_cast<std::uint32_t>(unanswered_));
    with_.wake();
}

} // namespace capstan::hub
