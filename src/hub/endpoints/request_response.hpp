#pragma once
// What $cbs and $management have in common: requests come on one link, answers go out on another, and the two are told together by
// the answer's correlation-id. contract/iothub-amqp.md, 4.1 to 4.3; contract/event-hubs.md, 2.3 and 3.

#include <capstan/amqp/message.hpp>

#include "hub/endpoints/endpoint.hpp"

namespace capstan::hub {

/// The link that answers go out on.
class response_endpoint final : public endpoint {
public:
    response_endpoint(conversation& with, amqp::link_id link, reply_box& box) : endpoint(with, link), box_(box) {}
    void open() override;
    void on_credit() override;
    void on_detached() override { box_.remove_link(link_); }

private:
    reply_box& box_;
};

struct request {
    amqp::value message_id;
    std::string reply_to;
    amqp::map properties; ///< the application-properties
    amqp::value body;     ///< of one amqp-value; null otherwise

    /// A property as text, whether it came as string, symbol or binary (clients differ); empty when it is not there.
    std::string_view text(std::string_view key) const;
};

struct response {
    int status = 200;
    std::string description = "OK";
    std::string condition{};   ///< empty: none
    std::string tracking_id{}; ///< of a refusal
    amqp::value body{};        ///< null: the message has no body
};

/// The link that requests come in on.
class request_endpoint : public endpoint {
public:
    request_endpoint(conversation& with, amqp::link_id link, reply_box& box) : endpoint(with, link), box_(box) {}
    void open() override;
    void on_delivery(const amqp::delivery& delivery) override;

protected:
    virtual response answer(const request& asked) = 0;
    /// An answer that refuses what was asked about, and a line of the log.
    response refuse(int status, amqp::error why, std::string_view about);

private:
    void reply(const request& asked, const response& answered);
    reply_box& box_;
};

} // namespace capstan::hub
