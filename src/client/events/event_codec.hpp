#pragma once
#include <string>

#include <capstan/amqp/types.hpp>
#include <capstan/event_consumer.hpp>

namespace capstan::client {

/// An event as it comes from an event hub. contract/event-hubs.md, section 4.4.
class event_decoder {
public:
    static event decode(amqp::bytes_view payload, std::string partition);
};

} // namespace capstan::client
