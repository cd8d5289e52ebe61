#pragma once
// A telemetry message as the conditions of routes see it. contract/semantics.md, sections 4.3 and 4.4.

#include <optional>

#include <boost/json/value.hpp>
#include <capstan/amqp/message.hpp>

#include "base/clock.hpp"
#include "hub/routing/condition.hpp"
#include "hub/telemetry/annotations.hpp"

namespace capstan::hub::routing {

/// What a condition does not ask for is not decoded; the body is at most once. For one thread; what it is made of outlives it.
class message_subject final : public subject {
public:
    message_subject(const amqp::message_view& message, const sender_stamp& sender, wall_time enqueued)
        : message_(message), sender_(sender), enqueued_(enqueued) {}

    value look_up(const reference& wanted) const override;

    /// Why members of the body are undefined; empty when they are not.
    const std::string& body_trouble() const { return body().trouble; }

    bool has_parsed_body() const { return body_.has_value(); }

private:
    struct parsed_body {
        boost::json::value document;
        std::string trouble;
    };
    value application_property(std::string_view name) const;
    value system_property(std::string_view name) const;
    value of_properties(std::string_view name) const;
    const amqp::message_properties& properties() const;
    const parsed_body& body() const;
    parsed_body parse_body() const;

    const amqp::message_view& message_;
    const sender_stamp& sender_;
    wall_time enqueued_;
    mutable std::optional<amqp::message_properties> properties_;
    mutable std::optional<parsed_body> body_;
};

} // namespace capstan::hub::routing
