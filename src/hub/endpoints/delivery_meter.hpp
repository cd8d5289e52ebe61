#pragma once
#include <deque>
#include <memory>

#include "hub/endpoints/endpoint.hpp"
#include "hub/throttle.hpp"

namespace capstan::hub {

/// The deliveries of one link under the hub's throttle: refuses those that there is no turn for, and keeps those that have to wait,
/// in their order. An endpoint has one only where the hub has a throttle.
class delivery_meter {
public:
    /// None where operations are not counted. `of` owns the meter, and its on_delivery is called again with what was kept.
    static std::unique_ptr<delivery_meter> make(conversation& with, endpoint& of, operation what);
    delivery_meter(conversation& with, endpoint& of, operation what) : with_(with), of_(of), what_(what) {}
    ~delivery_meter();
    delivery_meter(const delivery_meter&) = delete;
    delivery_meter& operator=(const delivery_meter&) = delete;

    /// Whether on_delivery has nothing to do with it now: it was refused, or is kept.
    bool holds(const amqp::delivery& delivery);
    /// The link is gone. What the sender has settled is taken now, for nobody would send it again; the rest its sender has still.
    void link_gone();

private:
    struct kept {
        amqp::delivery delivery;
        bytes payload;
        wall_time turn;
    };
    void refuse(const amqp::delivery& delivery);
    void keep(const amqp::delivery& delivery, wall_time turn);
    void release();
    void wake_at(wall_time turn);
    void pass(kept next);
    void count(const kept& what, bool in);

    conversation& with_;
    endpoint& of_;
    const operation what_;
    std::deque<kept> waiting_; ///< their turns ascend; their bytes count as in flight, so that connections are not read from
    bool passing_ = false;
};

} // namespace capstan::hub
