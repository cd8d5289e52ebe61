#include "hub/hub.hpp"

#include <spdlog/spdlog.h>

#include "hub/access.hpp"
#include "hub/commands/command_center.hpp"
#include "hub/commands/device_commands.hpp"
#include "hub/commands/feedback_center.hpp"
#include "hub/endpoints/endpoint.hpp"
#include "hub/presence.hpp"
#include "hub/registry/registry.hpp"
#include "hub/telemetry/consumer_groups.hpp"
#include "hub/telemetry/readers.hpp"

namespace capstan::hub {

hub::hub(const settings& settings, const auth::policy_set& policies, capstan::store::store& store, const wall_clock& clock,
         std::vector<run_queue*> threads)
    : settings_(settings), store_(store), clock_(clock), threads_(std::move(threads)), trim_trouble_(store.telemetry().partition_count()),
      access_(std::make_unique<capstan::hub::access>(settings, policies, store.devices(), clock)),
      registry_(std::make_unique<capstan::hub::registry>(store.devices(), settings, clock)),
      presence_(std::make_unique<capstan::hub::presence>()), feedback_(std::make_unique<capstan::hub::feedback_center>(*this)),
      commands_(std::make_unique<capstan::hub::command_center>(*this)), readers_(std::make_unique<capstan::hub::readers>(settings)),
      consumer_groups_(std::make_unique<capstan::hub::consumer_groups>(settings.consumer_groups)) {
    feedback_->start();
    registry_->thread_of = [this](std::string_view id) -> run_queue& { return queue(home_of(id)); };
    registry_->on_changed = [this](const capstan::store::device& before, const std::optional<capstan::store::device>& after) {
        if (!after) // the store has removed them with the device; this is for what is in memory, and was on its way meanwhile
            commands_->drop(before.id);
        look_again_at_links_of(before.id);
    };
}

hub::~hub() = default;

/// What a link was allowed by may have changed: a device's keys, its certificates, or that it is there at all.
void hub::look_again_at_links_of(std::string_view device) {
    for (auto& each : presence_->links_of(device))
        threads_[each.thread]->post([link = std::move(each.link)] {
            if (const auto live = link.lock())
                live->look_again();
        });
}

std::size_t hub::home_of(std::string_view device_id) const { return std::hash<std::string_view>()(device_id) % threads_.size(); }

void hub::tick(std::size_t thread) {
    commands_->tick(thread);
    if (thread != 0)
        return;
    feedback_->tick();
    forget_old_telemetry();
}

/// Costs nothing when there is nothing to forget: once a minute is often enough for a day's worth.
void hub::forget_old_telemetry() {
    const auto now = clock_.now();
    if (now < next_trim_)
        return;
    next_trim_ = now + std::chrono::minutes(1);
    for (capstan::store::partition_id id = 0; id < store_.telemetry().partition_count(); ++id) {
        auto done = [this, id](const capstan::store::outcome<void>& result) { on_forgotten(id, result); };
        store_.telemetry().trim(id, now - settings_.telemetry_retention, {*threads_[0], std::move(done)});
    }
}

/// A disk that is never given back fills up: the operator hears of it, once for each change.
void hub::on_forgotten(capstan::store::partition_id partition, const capstan::store::outcome<void>& result) {
    if (!result && result.error().code == capstan::store::errc::closed)
        return;
    const auto trouble = result ? std::string() : result.error().text;
    if (std::exchange(trim_trouble_[partition], trouble) == trouble)
        return;
    if (result)
        spdlog::info("old telemetry of partition={} is forgotten again", partition);
    else
        spdlog::error("old telemetry of partition={} cannot be forgotten: {}", partition, trouble);
}

} // namespace capstan::hub
