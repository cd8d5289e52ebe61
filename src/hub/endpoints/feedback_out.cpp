#include "hub/endpoints/feedback_out.hpp"

#include "hub/commands/command_center.hpp"
#include "hub/commands/feedback_message.hpp"

namespace capstan::hub {

feedback_out_endpoint::feedback_out_endpoint(conversation& with, amqp::link_id link)
    : locked_out_endpoint(with, link), id_(with.hub.commands().new_receiver()) {}

feedback_out_endpoint::~feedback_out_endpoint() { with_.hub.feedback().leave(id_); }

void feedback_out_endpoint::on_credit() {
    with_.hub.feedback().want(id_, with_.home(), weak<feedback_out_endpoint>(), wanted(0));
    if (!engine().draining(link_))
        return;
    with_.hub.feedback().after_delivery(with_.home(), [self = weak<feedback_out_endpoint>()] {
        if (const auto live = self.lock())
            live->end_drain();
    });
}

void feedback_out_endpoint::deliver(locked_feedback batch) {
    const auto message = write_feedback(batch, with_.hub.config().name);
    const bytes_view piece = message;
    // The credit may have gone in the meantime, which does not count as an abandon; or the link goes now, for the batch is larger than
    // the service takes.
    if (!send_locked(batch.token, {&piece, 1}))
        with_.hub.feedback().release(batch.token);
    with_.wake();
}

void feedback_out_endpoint::settle(const lock_token& token, verdict what, amqp::delivery_id id, bool confirm) {
    auto done = [self = weak<feedback_out_endpoint>(), id, confirm](bool held) {
        const auto live = self.lock();
        if (!live)
            return;
        std::optional<amqp::error> error;
        if (!held)
            error = describe(errc::message_lock_lost, "The lock of the feedback has been lost.", live->with_.now());
        live->on_settled(id, confirm, std::move(error));
    };
    with_.hub.feedback().settle(token, what, with_.home(), std::move(done));
}

} // namespace capstan::hub
