#pragma once
#include <capstan/amqp/message.hpp>

#include "auth/ascii.hpp"
#include "base/bytes.hpp"
#include "hub/message_rules.hpp"

namespace capstan::http {

/// A message under construction, by the names that headers and batches have for its parts.
struct message_parts {
    amqp::message_properties properties;
    amqp::map application;
    amqp::map annotations;
    bool readable = true; ///< AMQP's texts are UTF-8

    /// Names are compared without case; an application property keeps that of its own. The value is kept by the caller for as long as
    /// this.
    void put(std::string_view name, std::string_view value) {
        constexpr std::string_view application_prefix = "iothub-app-";
        const auto is = [name](std::string_view known) { return auth::equal_ignoring_case(name, known); };
        readable = readable && amqp::is_utf8(value) && amqp::is_utf8(name);
        if (auth::equal_ignoring_case(name.substr(0, application_prefix.size()), application_prefix))
            application.entries.emplace_back(name.substr(application_prefix.size()), value);
        else if (is("iothub-messageid"))
            properties.message_id = amqp::value(value);
        else if (is("iothub-correlationid"))
            properties.correlation_id = amqp::value(value);
        else if (is("iothub-userid"))
            properties.user_id = as_bytes(value);
        else if (is("iothub-to"))
            properties.to = value;
        else if (is("iothub-contenttype"))
            properties.content_type = value;
        else if (is("iothub-contentencoding"))
            properties.content_encoding = value;
        else if (is("iothub-creationtimeutc"))
            application.entries.emplace_back("iothub-creation-time-utc", value);
        else
            put_kept(name, value);
    }

    /// What goes on under its own name.
    void put_kept(std::string_view name, std::string_view value) {
        for (const auto* known : {"iothub-ack", "iothub-messageschema"})
            if (auth::equal_ignoring_case(name, known))
                application.entries.emplace_back(known, value);
        for (const auto* known : {"dt-subject", "iothub-interface-id"})
            if (auth::equal_ignoring_case(name, known))
                annotations.entries.emplace_back(amqp::symbol{known}, value);
    }

    std::optional<std::string> problem() const { return hub::message_problem(amqp::id_text(properties.message_id), application); }

    bytes with(bytes_view body) const {
        bytes out;
        amqp::message_builder message(out);
        if (!annotations.entries.empty())
            message.message_annotations(annotations);
        message.properties(properties);
        if (!application.entries.empty())
            message.application_properties(application);
        message.data(body);
        return out;
    }
};

} // namespace capstan::http
