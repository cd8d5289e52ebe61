#include "hub/endpoints/feedback_in.hpp"

#include <capstan/amqp/message.hpp>

#include "hub/commands/command_center.hpp"

namespace capstan::hub {
namespace {

constexpr std::uint32_t report_credit = 100;

std::optional<verdict> outcome_of(const amqp::message_view& message) {
    const auto properties = amqp::decode_value(message.application_properties().content);
    const auto* map = properties ? properties->get<amqp::map>() : nullptr;
    const auto* found = map ? map->find("iothub-outcome") : nullptr;
    const auto text = found ? found->text().value_or("") : std::string_view("complete");
    if (text == "complete")
        return verdict::complete;
    if (text == "reject")
        return verdict::reject;
    if (text == "abandon")
        return verdict::abandon;
    return std::nullopt;
}

} // namespace

void feedback_in_endpoint::open() { engine().accept(link_, {.snd_settle_mode = info().snd_settle_mode, .credit = report_credit}); }

void feedback_in_endpoint::on_delivery(const amqp::delivery& delivery) {
    if (auto taken = take(delivery); !taken)
        reject(delivery, std::move(taken.error()));
    top_up(report_credit, static_cast<std::uint32_t>(unanswered_));
}

std::expected<void, amqp::error> feedback_in_endpoint::take(const amqp::delivery& delivery) {
    const auto invalid = [&](std::string_view why) { return std::unexpected(describe(errc::argument_invalid, why, with_.now())); };
    const auto message = amqp::message_view::parse(delivery.payload);
    if (!message)
        return std::unexpected(describe(errc::invalid_format, message.error(), with_.now()));
    const auto properties = amqp::read_properties(message->properties().content);
    if (!properties)
        return std::unexpected(describe(errc::invalid_format, properties.error(), with_.now()));
    const auto device = with_.identities.sole_device();
    if (!device)
        return invalid("The connection must have shown itself to be one device, which is enabled.");
    if (properties->correlation_id.is_null())
        return invalid("correlation-id must be the message id of the command.");
    const auto outcome = outcome_of(*message);
    if (!outcome)
        return invalid("iothub-outcome must be complete, reject or abandon.");

    ++unanswered_;
    ++with_.unanswered;
    auto done = [self = weak<feedback_in_endpoint>(), id = delivery.id, settled = delivery.settled](std::optional<amqp::error> error) {
        const auto live = self.lock();
        if (!live)
            return;
        --live->unanswered_;
        --live->with_.unanswered;
        error ? live->reject(id, id, settled, std::move(*error)) : live->accept(id, settled);
        live->top_up(report_credit, static_cast<std::uint32_t>(live->unanswered_));
        live->with_.wake();
    };
    with_.hub.commands().settle_by_id(*device, amqp::id_text(properties->correlation_id), *outcome, with_.home(), std::move(done));
    return {};
}

} // namespace capstan::hub
