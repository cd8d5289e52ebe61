#include "hub/telemetry/hub_events.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "auth/random.hpp"
#include "hub/conditions.hpp"
#include "hub/presence.hpp"
#include "hub/registry/device_json.hpp"
#include "hub/registry/registry.hpp"
#include "hub/routing/enrich.hpp"
#include "hub/routing/message_subject.hpp"
#include "hub/routing/router.hpp"
#include "hub/telemetry/event_hub.hpp"
#include "hub/telemetry/telemetry_batch.hpp"

namespace capstan::hub {
namespace {

std::string_view module_of(const store::device& what) {
    return store::is_module_key(what.id) ? store::module_in(what.id) : std::string_view();
}

/// As Azure writes it in iothub-message-source.
std::string_view source_name(routing::source what) {
    switch (what) {
    case routing::source::telemetry: return "Telemetry";
    case routing::source::device_lifecycle: return "deviceLifecycleEvents";
    case routing::source::connection_state: return "deviceConnectionStateEvents";
    }
    return "";
}

annotation_pairs pairs_of(routing::source source, const store::device& about, wall_time when) {
    annotation_pairs pairs;
    amqp::encoder to(pairs.encoded);
    const auto add = [&](std::string_view key, const auto& content) {
        to.write(amqp::symbol_view{key});
        to.write(content);
        ++pairs.count;
    };
    add("iothub-connection-device-id", store::device_in(about.id));
    if (const auto module = module_of(about); !module.empty())
        add("iothub-connection-module-id", module);
    add("iothub-message-source", source_name(source));
    add("iothub-enqueuedtime", amqp::timestamp{when.time_since_epoch().count()});
    return pairs;
}

} // namespace

/// The body is the identity's twin.
void hub_events::identity_changed(const store::device& what, bool created) {
    if (!hub_.router() || !hub_.router()->has_routes_for(routing::source::device_lifecycle))
        return;
    auto twin = store::is_module_key(what.id) ? module_twin_json(what, {}) : device_twin_json(what, {});
    tell({.source = routing::source::device_lifecycle,
          .schema = "deviceLifecycleNotification",
          .operation = created ? "createDeviceIdentity" : "deleteDeviceIdentity",
          .about = what,
          .when = hub_.clock().now(),
          .body = std::move(twin)});
}

/// Later numbers are greater as texts, across restarts too.
void hub_events::report_connections() {
    if (!hub_.router() || !hub_.router()->has_routes_for(routing::source::connection_state))
        return;
    for (const auto& [id, state] : hub_.presence().changes()) {
        const auto known = hub_.registry().find(id);
        store::device about;
        about.id = id;
        if (known)
            about.generation_id = known->generation_id;
        const auto ticks = static_cast<std::uint64_t>(hub_.clock().now().time_since_epoch().count()) << 20;
        last_number_ = std::max(last_number_ + 1, ticks);
        tell({.source = routing::source::connection_state,
              .schema = "deviceConnectionStateNotification",
              .operation = state.connected ? "deviceConnected" : "deviceDisconnected",
              .about = about,
              .when = state.changed,
              .body = {{"sequenceNumber", fmt::format("{:064X}", last_number_.load())}}});
    }
}

amqp::bytes hub_events::message_of(const event& what) const {
    const auto& name = hub_.config().name;
    amqp::message_properties properties;
    properties.user_id = as_bytes(name);
    properties.correlation_id = amqp::value(auth::random_uuid());
    properties.content_type = "application/json";
    properties.content_encoding = "utf-8";
    amqp::bytes out;
    amqp::message_builder(out)
        .properties(properties)
        .application_properties([&](amqp::map_writer& to) {
            to.add("hubName", std::string_view(name));
            to.add("deviceId", store::device_in(what.about.id));
            if (const auto module = module_of(what.about); !module.empty())
                to.add("moduleId", module);
            to.add("operationTimestamp", std::string_view(iso_time(what.when)));
            to.add("opType", what.operation);
            to.add("iothub-message-schema", what.schema);
        })
        .data(boost::json::serialize(what.body));
    return out;
}

void hub_events::tell(const event& what) {
    const auto octets = message_of(what);
    const auto message = amqp::message_view::parse(octets);
    if (!message)
        return;
    const sender_stamp stamp{.device = store::device_in(what.about.id),
                             .module = module_of(what.about),
                             .generation_id = what.about.generation_id,
                             .auth_method = {},
                             .model_id = {}};
    const auto chosen = hub_.router()->choose(routing::message_subject(*message, stamp, what.when), what.source);
    for (std::size_t index = 0; index < hub_.event_hubs().size(); ++index)
        if (chosen & (routing::built_in << index))
            add_to(index, what, *message);
}

void hub_events::add_to(std::size_t event_hub, const event& what, const amqp::message_view& message) {
    bytes rewritten, enriched;
    const auto bare = message.bare(rewritten);
    const auto added = hub_.router()->enrichments(event_hub);
    const auto pairs = pairs_of(what.source, what.about, hub_.clock().now());
    store::event_batch batch;
    if (added.empty()) {
        batch.add(pairs.count, pairs.encoded, bare.pieces());
    } else {
        routing::enrich(message, added, enriched);
        const bytes_view pieces[] = {enriched};
        batch.add(pairs.count, pairs.encoded, pieces);
    }
    auto& log = hub_.event_hubs()[event_hub]->log();
    const auto partition = static_cast<store::partition_id>(partition_hash(store::device_in(what.about.id)) % log.partition_count());
    log.append(partition, std::move(batch), {hub_.queue(0), [source = what.source](const store::outcome<void>& result) {
                                                 if (!result)
                                                     spdlog::warn("an event of the hub's own ({}) was lost: {}", source_name(source),
                                                                  result.error().text);
                                             }});
}

} // namespace capstan::hub
