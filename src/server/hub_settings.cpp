#include "server/hub_settings.hpp"

#include "server/host_name.hpp"

namespace capstan::server {
namespace {

std::chrono::seconds seconds_of(std::chrono::milliseconds time) { return std::chrono::ceil<std::chrono::seconds>(time); }

} // namespace

hub::settings hub_settings_of(const config& settings, const hub_file& hub) {
    hub::settings rules;
    rules.name = hub_name_of(settings.hub.hostnames.front());
    rules.host_names = settings.hub.hostnames;
    rules.event_hub = hub.event_hub;
    rules.created = hub.created;
    rules.consumer_groups = hub.consumer_groups;
    rules.command_ttl = seconds_of(settings.commands.default_ttl);
    rules.command_lock = seconds_of(settings.commands.lock);
    rules.max_delivery_count = settings.commands.max_delivery_count;
    rules.count_lock_timeouts = settings.commands.count_lock_timeouts;
    rules.command_queue_depth = settings.commands.queue_depth;
    rules.dead_letters = settings.commands.dead_letters;
    rules.dead_letter_life = seconds_of(settings.commands.dead_letter_life);
    rules.feedback_ttl = seconds_of(settings.feedback.ttl);
    rules.feedback_lock = seconds_of(settings.feedback.lock);
    rules.feedback_max_delivery_count = settings.feedback.max_delivery_count;
    rules.telemetry_retention = seconds_of(settings.telemetry.retention);
    rules.consumer_groups_max = settings.telemetry.consumer_groups_max;
    rules.one_connection_per_device = settings.limits.one_connection_per_device;
    rules.throttling = *hub::throttle_tier_of(settings.limits.throttling);
    rules.units = settings.limits.units;
    rules.routes = settings.routes;
    return rules;
}

} // namespace capstan::server
