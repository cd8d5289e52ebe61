#pragma once
// One link as its endpoint sees it. There is one file per kind of endpoint here; endpoints.cpp has the table.

#include <memory>

#include <fmt/format.h>

#include "hub/conditions.hpp"
#include "hub/conversation.hpp"
#include "hub/presence.hpp"

namespace capstan::hub {

/// Lives on its connection's io thread. The engine tells the peer, the peer tells the endpoint. An endpoint is kept by its peer until
/// the link is gone; what comes back later from the store or another thread finds it through a weak_ptr, or not at all.
class endpoint : public std::enable_shared_from_this<endpoint> {
public:
    endpoint(conversation& with, amqp::link_id link) : with_(with), link_(link) {}
    virtual ~endpoint() {
        if (!device_.empty())
            with_.hub.presence().link_closed(device_, with_.now());
    }
    endpoint(const endpoint&) = delete;
    endpoint& operator=(const endpoint&) = delete;

    /// The link has been found to be allowed: answer the attach (or refuse it, or do so later).
    virtual void open() = 0;
    virtual void on_delivery(const amqp::delivery&) {}
    /// Credit has changed, or there is room for output again.
    virtual void on_credit() {}
    virtual void on_disposed(const amqp::disposed&) {}
    virtual void on_second() {} ///< comes about once a second
    /// The link, or the whole connection, is gone: give back what is held. The engine does not know the link any more.
    virtual void on_detached() {}

    /// The link is one of this device's, to this node: the device is connected as long as it has one. Its link of the same type on
    /// another connection ends (contract/iothub-amqp.md, 5.7), unless the settings let it be.
    void belongs_to(std::string device, node what);
    /// The device has been changed or removed: the link may not be allowed any more.
    void look_again() { with_.links.check_link(link_, device_); }

protected:
    /// The link's device has sent or received something. Passed on once a second at most: on a message's way it is a comparison.
    void note_activity();

    /// Of belongs_to; empty before.
    const std::string& device() const { return device_; }

    amqp::connection& engine() { return with_.engine; }
    const amqp::link_info& info() const { return *with_.engine.find(link_); }

    template<class Derived> std::weak_ptr<Derived> weak() { return std::static_pointer_cast<Derived>(shared_from_this()); }

    /// Errors that concern deliveries: logged, and told to the sender if it has not settled them.
    void reject(const amqp::delivery& delivery, amqp::error why) { reject(delivery.id, delivery.id, delivery.settled, std::move(why)); }
    void reject(amqp::delivery_id first, amqp::delivery_id last, bool settled, amqp::error why);
    void accept(amqp::delivery_id id, bool settled) {
        if (!settled)
            engine().settle(link_, id, id, amqp::delivery_state::accepted());
    }
    void accept(const amqp::delivery& delivery) { accept(delivery.id, delivery.settled); }
    /// Ends the link by itself, outside of the peer's own functions. The caller holds a reference to the endpoint.
    void end(amqp::error why);
    /// Credit back to `full` when a tenth of it is used (contract/iothub-amqp.md, 5.4), less what is still being worked on.
    void top_up(std::uint32_t full, std::uint32_t under_way = 0) {
        if (with_.quiescing || under_way >= full)
            return;
        const auto wanted = full - under_way;
        const auto left = engine().credit_left(link_);
        if (left < wanted && wanted - left >= full / 10)
            engine().set_credit(link_, wanted);
    }

    conversation& with_;
    const amqp::link_id link_;

private:
    void displaced_by(const std::string& origin);

    std::string device_;
    wall_time next_note_{}; ///< of its activity
};

} // namespace capstan::hub
