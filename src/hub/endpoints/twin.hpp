#pragma once
#include <deque>

#include "hub/endpoints/endpoint.hpp"

namespace capstan::hub {

/// /devices/{id}/twin, received from: where answers to twin requests go out. contract/iothub-amqp.md, 9.2.
class twin_out_endpoint final : public endpoint {
public:
    /// `owner` is whose twin it is: the device's id, and the module's.
    twin_out_endpoint(conversation& with, amqp::link_id link, std::string owner) : endpoint(with, link), owner_(std::move(owner)) {}
    void open() override;
    void on_credit() override { pump(); }
    void on_detached() override;

    /// Sends the answer when there is credit. Beyond 64 waiting ones the oldest is dropped: its asker gives no credit.
    void put(amqp::bytes answer);

private:
    void pump();
    const std::string owner_;
    std::deque<amqp::bytes> waiting_;
};

/// /devices/{id}/twin, sent to: twin requests. Twins themselves come later: a GET is answered with an empty twin, subscriptions
/// with 200, and what would have to be kept with 501. Azure's C client opens these links on every connection, and sends no
/// telemetry before they are answered.
class twin_in_endpoint final : public endpoint {
public:
    twin_in_endpoint(conversation& with, amqp::link_id link, std::string owner) : endpoint(with, link), owner_(std::move(owner)) {}
    void open() override;
    void on_delivery(const amqp::delivery& delivery) override;

private:
    const std::string owner_;
};

/// /devices/{id}/methods/devicebound, either way. Methods come later: the links stand, and nothing is sent.
class methods_endpoint final : public endpoint {
public:
    using endpoint::endpoint;
    void open() override;
    void on_delivery(const amqp::delivery& delivery) override;
    void on_credit() override {
        if (engine().draining(link_))
            engine().drained(link_);
    }
};

/// /messages/serviceBound/filenotifications, received from: file uploads come later, so there is nothing to send.
class file_notifications_endpoint final : public endpoint {
public:
    using endpoint::endpoint;
    void open() override { engine().accept(link_, {.rcv_settle_mode = 1}); }
    void on_credit() override {
        if (engine().draining(link_))
            engine().drained(link_);
    }
};

} // namespace capstan::hub
