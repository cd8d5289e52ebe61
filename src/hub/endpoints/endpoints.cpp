// The table: which address, in which direction, with which right, is served by which endpoint. To add one, add a file and a row.

#include "hub/endpoints/endpoints.hpp"
#include "hub/telemetry/event_hub.hpp"

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

/// What stands behind the device's or module's own path.
std::string_view leaf(node what) {
    switch (what) {
    case node::telemetry: return "/messages/events";
    case node::device_bound: return "/messages/devicebound";
    case node::twin: return "/twin";
    default: return "/methods/devicebound";
    }
}

/// An identity that lets the peer use the node of a device, or of a module, that the address names, and whose it is.
struct device_access {
    identities::proof by;
    store::device device;
    std::optional<store::device> module;

    const store::device& holder() const { return module ? *module : device; }
};

std::optional<store::device> find_module(const conversation& with, const store::device& of, const auth::segment& named) {
    for (const auto& reading : named.readings)
        if (auto found = with.hub.store().devices().find_module(of.id, reading))
            return found;
    return std::nullopt;
}

std::optional<device_access> find_device(const conversation& with, const address& where) {
    if (with.identities.empty() && !with.identities.has_certificate())
        return std::nullopt;
    for (const auto& reading : where.device->readings) {
        auto device = with.hub.store().devices().find(reading);
        auto module = device && where.module ? find_module(with, *device, *where.module) : std::nullopt;
        if (!device || (where.module && !module))
            continue;
        const auto path = module ? fmt::format("/devices/{}/modules/{}{}", device->id, store::module_in(module->id), leaf(where.what))
                                 : fmt::format("/devices/{}{}", device->id, leaf(where.what));
        if (const auto by = with.identities.for_device(*device, path, module ? &*module : nullptr))
            return device_access{*by, *std::move(device), std::move(module)};
    }
    return std::nullopt;
}

/// As it is called in tokens, whatever the address calls it.
std::string event_hub_name(const conversation& with, const address& where) {
    const auto* found = with.hub.find_event_hub(*where.event_hub);
    return found ? found->name() : where.event_hub->readings.front();
}

/// What a token for a node of the service's side has to cover.
std::string service_path(const conversation& with, const address& where) {
    switch (where.what) {
    case node::service_commands: return "/messages/devicebound";
    case node::feedback: return "/messages/servicebound/feedback";
    case node::file_notifications: return "/messages/servicebound/filenotifications";
    case node::partition:
        return fmt::format("/{}/ConsumerGroups/{}/Partitions/{}", event_hub_name(with, where), where.consumer_group, where.partition);
    default: return "/messages/events" + where.suffix;
    }
}

std::shared_ptr<endpoint> device_endpoint(conversation& with, const amqp::link_info& link, node what, const device_access& of) {
    const bool sends = link.role == amqp::role::sender;
    // Modules receive their inputs from an edge gateway, on the telemetry address: a hub has none to send.
    if (what == node::telemetry && !sends)
        return std::make_shared<telemetry_in_endpoint>(with, link.id, of.holder(), of.by);
    if (what == node::device_bound && sends)
        return std::make_shared<commands_out_endpoint>(with, link.id);
    if (what == node::twin && sends)
        return std::make_shared<twin_out_endpoint>(with, link.id, of.holder().id);
    if (what == node::twin)
        return std::make_shared<twin_in_endpoint>(with, link.id, of.holder().id);
    if (what == node::methods)
        return std::make_shared<methods_endpoint>(with, link.id);
    return nullptr;
}

/// The first link of a device or a module on a connection is what connects it. None when it may go on.
std::optional<refusal> wait_to_connect(conversation& with, const std::string& who) {
    auto* const limits = with.hub.throttle();
    if (limits == nullptr || !with.connected.insert(who).second)
        return std::nullopt;
    const auto wait = limits->take(operation::connection, with.now());
    if (!wait) {
        with.connected.erase(who);
        return refusal{describe(errc::throttled, throttled_text(operation::connection), with.now())};
    }
    if (*wait > std::chrono::milliseconds(0))
        return refusal{.why = {}, .turn = with.now() + *wait};
    return std::nullopt;
}

made make_device_endpoint(conversation& with, const amqp::link_info& link, std::string_view text, const address& where) {
    const auto found = find_device(with, where);
    if (!found)
        return refuse(with, errc::unauthorized, "Unauthorized");
    if (found->by == identities::proof::certificate)
        with.identities.certificate_was_good();
    auto endpoint = device_endpoint(with, link, where.what, *found);
    if (!endpoint)
        return unknown_address(with, text);
    if (auto not_yet = wait_to_connect(with, found->holder().id))
        return std::unexpected(*std::move(not_yet));
    endpoint->belongs_to(found->holder().id, where.what);
    return endpoint;
}

made make_report_endpoint(conversation& with, const amqp::link_info& link) {
    if (!with.identities.sole_device())
        return refuse(with, errc::unauthorized, "Unauthorized");
    return std::make_shared<feedback_in_endpoint>(with, link.id);
}

made make_partition_endpoint(conversation& with, const amqp::link_info& link, const address& where) {
    const auto path = service_path(with, where);
    const auto slowly = [&](std::string_view condition, std::string_view text) {
        return std::unexpected(refusal{describe_as_event_hub(condition, text, with.now()), refusal_pause});
    };
    if (!with.identities.for_service(path))
        return slowly(amqp::condition::unauthorized_access,
                      "Unauthorized access. 'Listen' claim(s) are required to perform this operation.");
    auto* const hub = with.hub.find_event_hub(*where.event_hub);
    const auto partition = hub ? parse_partition(where.partition, hub->log().partition_count()) : std::nullopt;
    if (!partition || !hub->consumer_groups().contains(where.consumer_group))
        return slowly(amqp::condition::not_found, fmt::format("The messaging entity '{}' could not be found.", path));
    return std::make_shared<events_out_endpoint>(with, link.id, *hub, where.consumer_group, *partition);
}

/// Into an event hub, or a partition or publisher of it: nobody has the right, which the real built-in endpoint grants to none either
/// (contract/event-hubs.md, section 6).
std::unexpected<refusal> unwanted_events(const conversation& with) {
    constexpr std::string_view text = "Unauthorized access. 'Send' claim(s) are required to perform this operation.";
    return std::unexpected(refusal{describe_as_event_hub(amqp::condition::unauthorized_access, text, with.now()), refusal_pause});
}

made make_service_endpoint(conversation& with, const amqp::link_info& link, const address& where) {
    if (!with.identities.for_service(service_path(with, where)))
        return refuse(with, errc::unauthorized, "Unauthorized");
    switch (where.what) {
    case node::service_commands: return std::make_shared<commands_in_endpoint>(with, link.id);
    case node::feedback: return std::make_shared<feedback_out_endpoint>(with, link.id);
    case node::file_notifications: return std::make_shared<file_notifications_endpoint>(with, link.id);
    default: return std::unexpected(redirect(with, where.suffix));
    }
}

template<class Requests> made make_request_node(conversation& with, const amqp::link_info& link, reply_box& replies) {
    if (link.role == amqp::role::sender)
        return std::make_shared<response_endpoint>(with, link.id, replies);
    return std::make_shared<Requests>(with, link.id);
}

/// The longest that means anything has a device's and a module's id of 128 bytes each, three bytes for each when encoded.
constexpr std::size_t max_address = 1024;

} // namespace

std::expected<std::shared_ptr<endpoint>, refusal> make_endpoint(conversation& with, const amqp::link_info& link) {
    const bool sends = link.role == amqp::role::sender;
    const auto& text = sends ? link.source_terminus.address : link.target_terminus.address;
    if (text.size() > max_address)
        return refuse(with, errc::address_not_found, "The link address is too long.");
    const auto where = parse_address(text);
    switch (where.what) {
    case node::cbs: return make_request_node<cbs_endpoint>(with, link, with.cbs_replies());
    case node::management:
        if (where.event_hub && !with.hub.find_event_hub(*where.event_hub))
            return unknown_address(with, text);
        return make_request_node<management_endpoint>(with, link, with.management_replies());
    case node::telemetry:
    case node::device_bound:
    case node::twin:
    case node::methods: return make_device_endpoint(with, link, text, where);
    case node::feedback: return sends ? make_service_endpoint(with, link, where) : make_report_endpoint(with, link);
    case node::service_commands: return sends ? unknown_address(with, text) : make_service_endpoint(with, link, where);
    case node::file_notifications:
    case node::hub_events: return sends ? make_service_endpoint(with, link, where) : unknown_address(with, text);
    case node::partition:
        if (sends)
            return make_partition_endpoint(with, link, where);
        break;
    case node::unknown: break;
    }
    if (!sends && where.event_hub && with.hub.find_event_hub(*where.event_hub))
        return unwanted_events(with);
    return unknown_address(with, text);
}

bool link_allowed(const conversation& with, const amqp::link_info& link) {
    const bool sends = link.role == amqp::role::sender;
    const auto& text = sends ? link.source_terminus.address : link.target_terminus.address;
    const auto where = parse_address(text);
    switch (where.what) {
    case node::cbs:
    case node::management:
    case node::unknown: return true;
    case node::telemetry:
    case node::device_bound:
    case node::twin:
    case node::methods: return find_device(with, where).has_value();
    case node::feedback:
        if (!sends)
            return with.identities.sole_device().has_value();
        [[fallthrough]];
    case node::service_commands:
    case node::file_notifications:
    case node::hub_events:
    case node::partition: return with.identities.for_service(service_path(with, where)) != nullptr;
    }
    return false;
}

} // namespace capstan::hub
