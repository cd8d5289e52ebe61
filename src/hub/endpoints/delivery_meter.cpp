#include "hub/endpoints/delivery_meter.hpp"

namespace capstan::hub {

std::unique_ptr<delivery_meter> delivery_meter::make(conversation& with, endpoint& of, operation what) {
    return with.hub.throttle() == nullptr ? nullptr : std::make_unique<delivery_meter>(with, of, what);
}

delivery_meter::~delivery_meter() {
    for (const auto& each : waiting_)
        count(each, false);
}

bool delivery_meter::holds(const amqp::delivery& delivery) {
    if (passing_)
        return false;
    const auto now = with_.now();
    const auto wait = with_.hub.throttle()->take(what_, now);
    if (!wait)
        refuse(delivery);
    else if (waiting_.empty() && *wait == std::chrono::milliseconds(0))
        return false;
    else
        keep(delivery, now + *wait);
    of_.on_credit();
    return true;
}

void delivery_meter::refuse(const amqp::delivery& delivery) {
    if (delivery.settled)
        return;
    auto why = describe(errc::throttled, throttled_text(what_), with_.now());
    with_.engine.settle(delivery.link, delivery.id, delivery.id, amqp::delivery_state::rejected(std::move(why)));
}

void delivery_meter::keep(const amqp::delivery& delivery, wall_time turn) {
    if (waiting_.empty())
        wake_at(turn);
    auto& last = waiting_.emplace_back(delivery, bytes(delivery.payload.begin(), delivery.payload.end()), turn);
    last.delivery.tag = {};
    count(last, true);
}

/// The endpoint may have gone by then, and the meter with it.
void delivery_meter::wake_at(wall_time turn) {
    with_.hub.waiting_turns(with_.thread).add(turn, [this, owner = of_.weak_from_this()] {
        if (const auto live = owner.lock())
            release();
    });
}

void delivery_meter::release() {
    const auto now = with_.now();
    while (!waiting_.empty() && waiting_.front().turn <= now) {
        auto next = std::move(waiting_.front());
        waiting_.pop_front();
        pass(std::move(next));
    }
    if (!waiting_.empty())
        wake_at(waiting_.front().turn);
    with_.wake();
}

void delivery_meter::link_gone() {
    for (auto& each : std::exchange(waiting_, {}))
        if (each.delivery.settled)
            pass(std::move(each));
        else
            count(each, false);
}

void delivery_meter::pass(kept next) {
    count(next, false);
    next.delivery.payload = next.payload;
    passing_ = true;
    of_.on_delivery(next.delivery);
    passing_ = false;
}

void delivery_meter::count(const kept& what, bool in) {
    const auto size = what.payload.size();
    if (in) {
        with_.bytes_in_flight += size;
        with_.hub.bytes_in_flight() += size;
    } else {
        with_.bytes_in_flight -= size;
        with_.hub.bytes_in_flight() -= size;
    }
}

} // namespace capstan::hub
