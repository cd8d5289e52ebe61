#include "hub/endpoints/endpoint.hpp"

namespace capstan::hub {

void endpoint::belongs_to(std::string device, node what) {
    device_ = std::move(device);
    const live_link own{
        with_.thread, weak_from_this(), &with_, what, info().role == amqp::role::sender, with_.identities.has_certificate()};
    const auto others = with_.hub.presence().link_opened(device_, own, with_.now());
    if (!with_.hub.config().one_connection_per_device)
        return;
    for (const auto& each : others)
        with_.hub.queue(each.thread).post([link = each.link, origin = with_.origin] {
            if (const auto live = link.lock())
                live->displaced_by(origin);
        });
}

void endpoint::note_activity() {
    const auto now = with_.now();
    if (device_.empty() || now < next_note_)
        return;
    next_note_ = now + std::chrono::seconds(1);
    with_.hub.presence().seen(device_, now);
}

/// Says by whom: of two copies of one device, each is told where the other is.
void endpoint::displaced_by(const std::string& origin) {
    const auto text = fmt::format("The device has opened such a link anew, from {}: this one is closed.", origin);
    end(describe(errc::link_creation_conflict, text, with_.now()));
}

void endpoint::reject(amqp::delivery_id first, amqp::delivery_id last, bool settled, amqp::error why) {
    with_.refused("message", why, link_);
    if (!settled)
        engine().settle(link_, first, last, amqp::delivery_state::rejected(std::move(why)));
}

void endpoint::end(amqp::error why) {
    with_.refused("live link", why, link_);
    engine().detach(link_, std::move(why));
    with_.links.forget_link(link_);
    with_.wake();
}

} // namespace capstan::hub
