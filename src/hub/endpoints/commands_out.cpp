#include "hub/endpoints/commands_out.hpp"

#include "hub/commands/command_message.hpp"

namespace capstan::hub {

commands_out_endpoint::commands_out_endpoint(conversation& with, amqp::link_id link)
    : locked_out_endpoint(with, link), id_(with.hub.commands().new_receiver()) {}

commands_out_endpoint::~commands_out_endpoint() {
    if (!device().empty())
        with_.hub.commands().leave(device(), id_);
}

void commands_out_endpoint::on_credit() {
    with_.hub.commands().want(device(), id_, with_.home(), weak<commands_out_endpoint>(), wanted(0));
    if (!engine().draining(link_))
        return;
    with_.hub.commands().after_delivery(device(), with_.home(), [self = weak<commands_out_endpoint>()] {
        if (const auto live = self.lock())
            live->end_drain();
    });
}

void commands_out_endpoint::deliver(locked_command given) {
    static thread_local bytes head; // for what is sent here and now: it does not grow anew with each command
    write_command_head(*given.command, given.token, head);
    const bytes_view pieces[] = {head, given.command->message};
    // The credit may have gone in the meantime; or the link goes now, for the message is larger than the device takes.
    if (send_locked(given.token, pieces))
        note_activity();
    else
        with_.hub.commands().release(device(), given.token);
    with_.wake();
}

void commands_out_endpoint::settle(const lock_token& token, verdict what, amqp::delivery_id id, bool confirm) {
    note_activity();
    auto done = [self = weak<commands_out_endpoint>(), id, confirm](std::optional<amqp::error> error) {
        if (const auto live = self.lock())
            live->on_settled(id, confirm, std::move(error));
    };
    with_.hub.commands().settle(device(), token, what, with_.home(), std::move(done));
}

} // namespace capstan::hub
