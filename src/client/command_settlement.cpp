#include "client/command_settlement.hpp"

#include <boost/asio/system_executor.hpp>

#include "client/message_codec.hpp"

namespace capstan {

void command::settle(const settlement& held, outcome what, detail::handler<> then) {
    auto state = amqp::delivery_state::accepted();
    if (what == outcome::reject)
        state = amqp::delivery_state::rejected({});
    else if (what == outcome::abandon)
        state = amqp::delivery_state::released();
    if (!held)
        return client::completion<>(std::move(then), asio::system_executor())
            .fail(client_error(errc::invalid_argument, "a command that was not received"));
    held->settle(std::move(state), client::completion<>(std::move(then), held->strand()));
}

namespace client {

command command_settlement::to_command(const std::shared_ptr<receiver_link>& on, const asio::any_io_executor& strand,
                                       const incoming& what) {
    command made;
    made.settlement_ = std::make_shared<command_settlement>(on, strand, what);
    const auto view = amqp::message_view::parse(what.payload);
    if (!view)
        return made;
    made.content_ = decode(*view);
    const auto decoded = amqp::decode_value(view->message_annotations().content);
    const auto* annotations = decoded ? decoded->get<amqp::map>() : nullptr;
    if (!annotations)
        return made;
    if (const auto* number = annotations->find("x-opt-sequence-number"))
        made.sequence_number_ = static_cast<std::uint64_t>(number->integer().value_or(0));
    if (const auto* count = annotations->find("iothub-deliverycount"))
        made.delivery_count_ = static_cast<std::uint32_t>(count->integer().value_or(0));
    const auto* time = annotations->find("iothub-enqueuedtime");
    if (const auto* when = time ? time->get<amqp::timestamp>() : nullptr)
        made.enqueued_time_ = wall_clock_time(std::chrono::milliseconds(when->milliseconds));
    return made;
}

} // namespace client
} // namespace capstan
