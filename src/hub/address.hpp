#pragma once
// What a link's address names. The forms that clients write are in contract/iothub-amqp.md, 5.1 to 5.3, and event-hubs.md, 0.

#include <optional>
#include <string>
#include <string_view>

#include "auth/resource.hpp"

namespace capstan::hub {

enum class node : std::uint8_t {
    cbs,               ///< $cbs
    management,        ///< $management, {event hub}/$management
    telemetry,         ///< /devices/{id}[/modules/{id}]/messages/events
    device_bound,      ///< /devices/{id}[/modules/{id}]/messages/devicebound
    twin,              ///< /devices/{id}[/modules/{id}]/twin
    methods,           ///< /devices/{id}[/modules/{id}]/methods/devicebound
    service_commands,  ///< /messages/devicebound
    feedback,          ///< /messages/servicebound/feedback
    file_notifications,///< /messages/servicebound/filenotifications
    hub_events,        ///< /messages/events[/…] on the hub: leads to a redirect
    partition,         ///< {event hub}/ConsumerGroups/{group}/Partitions/{id}
    unknown,
};

struct address {
    node what = node::unknown;
    std::optional<auth::segment> device;
    std::optional<auth::segment> module;
    std::optional<auth::segment> event_hub; ///< of partition and of {event hub}/$management; whether there is one is not looked at
    std::string consumer_group; ///< of partition, lower case: groups are told apart without case
    std::string partition;      ///< of partition, as written
    std::string suffix;         ///< of hub_events: what follows "messages/events", as written
};

address parse_address(std::string_view text);

} // namespace capstan::hub
