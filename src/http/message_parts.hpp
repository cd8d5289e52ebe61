#pragma once
#include <capstan/amqp/message.hpp>

#include "base/bytes.hpp"
#include "hub/message_rules.hpp"

namespace capstan::http {

/// A message under construction, by the names that headers and batches have for its parts.
struct message_parts {
    amqp::message_properties properties;
    amqp::map application;
    amqp::map annotations;
    bool readable = true; ///< AMQP's texts are UTF-8

    /// The value is kept by the caller for as long as this.
    void put(std::string_view name, std::string_view value) {
        constexpr std::string_view application_prefix = "iothub-app-";
        readable = readable && amqp::is_utf8(value) && amqp::is_utf8(name);
        if (name.starts_with(application_prefix))
            application.entries.emplace_back(name.substr(application_prefix.size()), value);
        else if (name == "iothub-messageid")
            properties.message_id = amqp::value(value);
        else if (name == "iothub-correlationid")
            properties.correlation_id = amqp::value(value);
        else if (name == "iothub-userid")
            properties.user_id = as_bytes(value);
        else if (name == "iothub-to")
            properties.to = value;
        else if (name == "iothub-contenttype")
            properties.content_type = value;
        else if (name == "iothub-contentencoding")
            properties.content_encoding = value;
        else if (name == "iothub-creationtimeutc")
            application.entries.emplace_back("iothub-creation-time-utc", value);
        else if (name == "iothub-ack" || name == "iothub-messageschema")
            application.entries.emplace_back(name, value);
        else if (name == "dt-subject" || name == "iothub-interface-id")
            annotations.entries.emplace_back(amqp::symbol{std::string(name)}, value);
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
