#include "hub/endpoints/commands_in.hpp"

#include "hub/commands/command_center.hpp"
#include "hub/commands/command_message.hpp"

namespace capstan::hub {
namespace {

/// The device in an address that can be read in one way only, as nearly all are: /devices/{id}/messages/devicebound; else empty.
std::string_view plain_device_in(std::string_view to) {
    constexpr std::string_view before = "/devices/", behind = "/messages/devicebound";
    if (to.size() <= before.size() + behind.size() || !to.starts_with(before) || !to.ends_with(behind))
        return {};
    const auto id = to.substr(before.size(), to.size() - before.size() - behind.size());
    return id.find_first_of("/%") == id.npos ? id : std::string_view();
}

/// The queue of the device or module that a message's `to` names. An id may be encoded or not: whichever reading is a device's counts.
/// Azure says the same of a device that is disabled as of one that is not there (contract/semantics.md, 1.8).
std::expected<std::string, errc> target_of(std::string_view to, hub& hub) {
    if (std::string plain(plain_device_in(to)); !plain.empty()) {
        const auto device = hub.store().devices().look_up(plain);
        return device && device->enabled ? std::expected<std::string, errc>(std::move(plain)) : std::unexpected(errc::device_not_found);
    }
    const auto where = parse_address(to);
    auto missing = errc::device_not_found;
    if (where.what != node::device_bound)
        return std::unexpected(missing);
    const auto& devices = hub.store().devices();
    for (const auto& reading : where.device->readings) {
        if (store::is_module_key(reading))
            continue;
        const auto device = devices.look_up(reading);
        if (!device || !device->enabled)
            continue;
        if (!where.module)
            return device->id;
        missing = errc::module_not_found;
        for (const auto& inner : where.module->readings)
            if (const auto module = devices.look_up(store::module_key(device->id, inner)))
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
    const auto size = delivery.payload.size();
    ++unanswered_;
    ++with_.unanswered;
    bytes_ += size;
    with_.bytes_in_flight += size;
    with_.hub.bytes_in_flight() += size;
    auto taken = [self = weak<commands_in_endpoint>(), &hub = with_.hub, size, id = delivery.id,
                  settled = delivery.settled](std::optional<amqp::error> error) {
        hub.bytes_in_flight() -= size;
        if (const auto live = self.lock())
            live->on_taken(id, settled, size, std::move(error));
    };
    with_.hub.commands().enqueue(*target, std::move(incoming->command), with_.home(), std::move(taken));
    return {};
}

void commands_in_endpoint::on_taken(amqp::delivery_id id, bool settled, std::size_t size, std::optional<amqp::error> error) {
    --unanswered_;
    --with_.unanswered;
    bytes_ -= size;
    with_.bytes_in_flight -= size;
    error ? reject(id, id, settled, std::move(*error)) : accept(id, settled);
    top_up(command_credit, static_cast<std::uint32_t>(unanswered_));
    with_.wake();
}

} // namespace capstan::hub
