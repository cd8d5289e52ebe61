// The table: which address, in which direction, with which right, is served by which endpoint. To add one, add a file and a row.

#include "hub/endpoints/endpoints.hpp"

#include "hub/endpoints/cbs.hpp"
#include "hub/endpoints/commands_in.hpp"
#include "hub/endpoints/commands_out.hpp"
#include "hub/endpoints/events_out.hpp"
#include "hub/endpoints/feedback_in.hpp"
#include "hub/endpoints/feedback_out.hpp"
#include "hub/endpoints/management.hpp"
#include "hub/endpoints/redirect.hpp"
#include "hub/endpoints/telemetry_in.hpp"
#include "hub/endpoints/twin.hpp"

namespace capstan::hub {
namespace {

using made = std::expected<std::shared_ptr<endpoint>, refusal>;

std::unexpected<refusal> refuse(const conversation& with, errc code, std::string_view message) {
    return std::unexpected(refusal{describe(code, message, with.now())});
}

std::unexpected<refusal> unknown_address(const conversation& with, std::string_view text) {
    return refuse(with, errc::address_not_found, fmt::format("The link address '{}' did not match any of the expected formats.", text));
}

/// An identity that lets the peer act as the device that the address names, and the device.
struct device_access {
    const principal* who;
    store::device device;
    std::string module;
};
std::optional<device_access> find_device(const conversation& with, const address& where) {
    const auto module = where.module ? where.module->readings.front() : std::string();
    for (const auto& reading : where.device->readings) {
        const auto* who = with.identities.for_device(reading, module);
        if (!who)
            continue;
        if (auto device = with.hub.store().devices().find(reading))
            return device_access{who, std::move(*device), module};
    }
    return std::nullopt;
}

std::shared_ptr<endpoint> device_endpoint(conversation& with, const amqp::link_info& link, node what, const device_access& of) {
    const bool sends = link.role == amqp::role::sender;
    const bool by_policy = of.who->what == principal::kind::policy;
    // Modules receive their inputs from an edge gateway, on the telemetry address: a hub has none to send, and no queue for them.
    if (what == node::telemetry && !sends)
        return std::make_shared<telemetry_in_endpoint>(with, link.id, of.device, of.module, by_policy);
    if (what == node::device_bound && sends && of.module.empty())
        return std::make_shared<commands_out_endpoint>(with, link.id, of.device.id);
    if (what == node::twin && sends)
        return std::make_shared<twin_out_endpoint>(with, link.id);
    if (what == node::twin)
        return std::make_shared<twin_in_endpoint>(with, link.id);
    if (what == node::methods)
        return std::make_shared<methods_endpoint>(with, link.id);
    return nullptr;
}

made make_device_endpoint(conversation& with, const amqp::link_info& link, std::string_view text, const address& where) {
    const auto found = find_device(with, where);
    if (!found)
        return refuse(with, errc::unauthorized, "Unauthorized");
    auto endpoint = device_endpoint(with, link, where.what, *found);
    if (!endpoint)
        return unknown_address(with, text);
    endpoint->belongs_to(found->device.id);
    return endpoint;
}

made make_feedback_endpoint(conversation& with, const amqp::link_info& link) {
    if (link.role == amqp::role::receiver) {
        if (!with.identities.sole_device())
            return refuse(with, errc::unauthorized, "Unauthorized");
        return std::make_shared<feedback_in_endpoint>(with, link.id);
    }
    if (!with.identities.for_service("/messages/serviceBound/feedback"))
        return refuse(with, errc::unauthorized, "Unauthorized");
    return std::make_shared<feedback_out_endpoint>(with, link.id);
}

std::string partition_path(const conversation& with, const address& where) {
    return fmt::format("/{}/ConsumerGroups/{}/Partitions/{}", with.hub.config().event_hub, where.consumer_group, where.partition);
}

made make_partition_endpoint(conversation& with, const amqp::link_info& link, const address& where) {
    const auto path = partition_path(with, where);
    const auto slowly = [](std::string_view condition, std::string_view text) {
        return std::unexpected(refusal{amqp::error(condition, text), refusal_pause});
    };
    if (!with.identities.for_service(path))
        return slowly(amqp::condition::unauthorized_access,
                      "Unauthorized access. 'Listen' claim(s) are required to perform this operation.");
    const auto partition = parse_partition(where.partition, with.hub.store().telemetry().partition_count());
    if (!partition || where.consumer_group != "$default")
        return slowly(amqp::condition::not_found, fmt::format("The messaging entity '{}' could not be found.", path));
    return std::make_shared<events_out_endpoint>(with, link.id, where.consumer_group, *partition);
}

template<class Endpoint> made make_service_endpoint(conversation& with, const amqp::link_info& link, std::string_view path) {
    if (!with.identities.for_service(path))
        return refuse(with, errc::unauthorized, "Unauthorized");
    return std::make_shared<Endpoint>(with, link.id);
}

} // namespace

std::expected<std::shared_ptr<endpoint>, refusal> make_endpoint(conversation& with, const amqp::link_info& link) {
    const bool sends = link.role == amqp::role::sender;
    const auto& text = sends ? link.source_terminus.address : link.target_terminus.address;
    const auto where = parse_address(text, with.hub.config().event_hub, with.hub.config().name);
    switch (where.what) {
    case node::cbs:
        if (sends)
            return std::make_shared<response_endpoint>(with, link.id, with.cbs_replies);
        return std::make_shared<cbs_endpoint>(with, link.id);
    case node::management:
        if (sends)
            return std::make_shared<response_endpoint>(with, link.id, with.management_replies);
        return std::make_shared<management_endpoint>(with, link.id);
    case node::telemetry:
    case node::device_bound:
    case node::twin:
    case node::methods: return make_device_endpoint(with, link, text, where);
    case node::service_commands:
        if (!sends)
            return make_service_endpoint<commands_in_endpoint>(with, link, "/messages/devicebound");
        break;
    case node::feedback: return make_feedback_endpoint(with, link);
    case node::file_notifications:
        if (sends)
            return make_service_endpoint<file_notifications_endpoint>(with, link, "/messages/serviceBound/filenotifications");
        break;
    case node::hub_events:
        if (!sends)
            break;
        if (!with.identities.for_service("/messages/events" + where.suffix))
            return refuse(with, errc::unauthorized, "Unauthorized");
        return std::unexpected(redirect(with, where.suffix));
    case node::partition:
        if (sends)
            return make_partition_endpoint(with, link, where);
        break;
    case node::unknown: break;
    }
    return unknown_address(with, text);
}

bool link_allowed(const conversation& with, const amqp::link_info& link) {
    const auto& text = link.role == amqp::role::sender ? link.source_terminus.address : link.target_terminus.address;
    const auto where = parse_address(text, with.hub.config().event_hub, with.hub.config().name);
    switch (where.what) {
    case node::cbs:
    case node::management:
    case node::unknown: return true;
    case node::telemetry:
    case node::device_bound:
    case node::twin:
    case node::methods: return find_device(with, where).has_value();
    case node::feedback:
        if (link.role == amqp::role::receiver)
            return with.identities.sole_device().has_value();
        [[fallthrough]];
    case node::service_commands:
    case node::file_notifications:
    case node::hub_events: return with.identities.for_service("/messages") != nullptr;
    case node::partition: return with.identities.for_service(partition_path(with, where)) != nullptr;
    }
    return false;
}

} // namespace capstan::hub
