#include "hub/hub.hpp"

#include "hub/access.hpp"
#include "hub/commands/command_center.hpp"
#include "hub/commands/device_commands.hpp"
#include "hub/commands/feedback_center.hpp"
#include "hub/endpoints/endpoint.hpp"
#include "hub/jobs/registry_jobs.hpp"
#include "hub/metrics.hpp"
#include "hub/presence.hpp"
#include "hub/registry/authorities.hpp"
#include "hub/registry/registry.hpp"
#include "hub/routing/router.hpp"
#include "hub/telemetry/event_hub.hpp"
#include "hub/telemetry/hub_events.hpp"

namespace capstan::hub {
namespace {

std::vector<std::unique_ptr<event_hub>> make_event_hubs(const settings& rules, store::telemetry_log& built_in,
                                                        const std::vector<store::telemetry_log*>& others) {
    std::vector<std::unique_ptr<event_hub>> all;
    all.push_back(std::make_unique<event_hub>(rules.event_hub, built_in, rules.telemetry_retention, rules.consumer_groups, rules));
    for (std::size_t index = 0; index < rules.routes.endpoints.size(); ++index) {
        const auto& made = rules.routes.endpoints[index];
        const auto retention = std::chrono::ceil<std::chrono::seconds>(made.retention);
        all.push_back(std::make_unique<event_hub>(made.name, *others.at(index), retention, made.consumer_groups, rules));
    }
    return all;
}

} // namespace

hub::hub(const settings& settings, const auth::policy_set& policies, capstan::store::store& store, const wall_clock& clock,
         std::vector<run_queue*> threads, std::vector<capstan::store::telemetry_log*> endpoint_logs)
    : settings_(settings), store_(store), clock_(clock), threads_(std::move(threads)),
      access_(std::make_unique<capstan::hub::access>(settings, policies, store.devices(), clock)),
      registry_(std::make_unique<capstan::hub::registry>(store.devices(), settings, clock)),
      authorities_(std::make_unique<capstan::hub::authorities>(clock)), presence_(std::make_unique<capstan::hub::presence>()),
      feedback_(std::make_unique<capstan::hub::feedback_center>(*this)), commands_(std::make_unique<capstan::hub::command_center>(*this)),
      event_hubs_(make_event_hubs(settings, store.telemetry(), endpoint_logs)),
      router_(routing::router::make(settings.routes, settings.name)),
      throttle_(settings.throttling == throttle_tier::none ? nullptr
                                                           : std::make_unique<capstan::hub::throttle>(settings.throttling, settings.units)),
      turns_(threads_.size()), events_(std::make_unique<hub_events>(*this)), jobs_(std::make_unique<registry_jobs>(clock)),
      metrics_(std::make_unique<capstan::hub::metrics>()) {
    add_metrics_of(*this, *metrics_);
    if (router_ && router_->has_routes_for(routing::source::connection_state))
        presence_->remember_changes();
    registry_->on_created = [this](const capstan::store::device& made) { events_->identity_changed(made, true); };
    feedback_->start();
    commands_->start();
    registry_->thread_of = [this](std::string_view id) -> run_queue& { return queue(home_of(id)); };
    registry_->on_changed = [this](const capstan::store::device& before, const std::optional<capstan::store::device>& after) {
        for (const auto& each : registry_->list_modules(before.id))
            look_again_at_links_of(each.id);
        if (!after) // the store has removed them with the device; this is for what is in memory, and was on its way meanwhile
            commands_->drop(before.id);
        if (!after)
            presence_->forget(before.id);
        look_again_at_links_of(before.id);
        if (!after)
            events_->identity_changed(before, false);
    };
}

hub::~hub() = default;

event_hub* hub::find_event_hub(const auth::segment& name) const {
    for (const auto& each : event_hubs_)
        if (name.is(each->name()))
            return each.get();
    return name.is(settings_.name) ? event_hubs_.front().get() : nullptr;
}

/// What a link was allowed by may have changed: a device's keys, its certificates, or that it is there at all.
void hub::look_again_at_links_of(std::string_view device) {
    for (const auto& each : presence_->links_of(device))
        look_again(each);
}

void hub::look_again_at_certificates() {
    for (const auto& each : presence_->links_with_certificate())
        look_again(each);
}

void hub::look_again(const live_link& link) {
    threads_[link.thread]->post([link = link.link] {
        if (const auto live = link.lock())
            live->look_again();
    });
}

/// A device is removed with its modules: their queues live where it does.
std::size_t hub::home_of(std::string_view id) const {
    return std::hash<std::string_view>()(capstan::store::device_in(id)) % threads_.size();
}

void hub::tick(std::size_t thread) {
    commands_->tick(thread);
    turns_[thread].take(clock_.now());
    if (thread != 0)
        return;
    feedback_->tick();
    minutely();
}

/// Costs nothing when there is nothing to forget: once a minute is often enough for a day's worth.
void hub::minutely() {
    const auto now = clock_.now();
    if (now < next_minute_)
        return;
    next_minute_ = now + std::chrono::minutes(1);
    for (const auto& each : event_hubs_)
        each->forget_old(now, *threads_[0]);
    if (router_)
        router_->report();
    events_->report_connections();
    save_activity();
}

/// Some at a time, so that a write is small. What cannot be stored now is as if it had not been heard of.
void hub::save_activity() {
    constexpr std::size_t at_once = 1000;
    const auto unsaved = presence_->take_unsaved();
    for (std::size_t done = 0; done < unsaved.size(); done += at_once) {
        const auto first = unsaved.begin() + static_cast<std::ptrdiff_t>(done);
        const auto count = static_cast<std::ptrdiff_t>(std::min(at_once, unsaved.size() - done));
        store_.devices().keep_activity({first, first + count}, {*threads_[0], [](const capstan::store::outcome<void>&) {}});
    }
}

} // namespace capstan::hub
