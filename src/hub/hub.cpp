#include "hub/hub.hpp"

#include "hub/access.hpp"
#include "hub/commands/command_center.hpp"
#include "hub/commands/device_commands.hpp"
#include "hub/commands/feedback_center.hpp"
#include "hub/presence.hpp"
#include "hub/registry/registry.hpp"
#include "hub/telemetry/readers.hpp"

namespace capstan::hub {

hub::hub(const settings& settings, const auth::policy_set& policies, capstan::store::store& store, const wall_clock& clock,
         std::vector<run_queue*> threads)
    : settings_(settings), store_(store), clock_(clock), threads_(std::move(threads)),
      access_(std::make_unique<capstan::hub::access>(settings, policies, store.devices(), clock)),
      registry_(std::make_unique<capstan::hub::registry>(store.devices(), settings, clock)),
      presence_(std::make_unique<capstan::hub::presence>()), feedback_(std::make_unique<capstan::hub::feedback_center>(*this)),
      commands_(std::make_unique<capstan::hub::command_center>(*this)), readers_(std::make_unique<capstan::hub::readers>(settings)) {
    feedback_->start();
    registry_->on_changed = [this](const capstan::store::device& before, const std::optional<capstan::store::device>& after) {
        if (!after)
            commands_->drop(before.id);
    };
}

hub::~hub() = default;

std::size_t hub::home_of(std::string_view device_id) const { return std::hash<std::string_view>()(device_id) % threads_.size(); }

void hub::tick(std::size_t thread) {
    commands_->tick(thread);
    if (thread != 0)
        return;
    feedback_->tick();
    // Retention costs nothing when there is nothing to forget: once a minute is often enough for a day's worth.
    const auto now = clock_.now();
    if (now < next_trim_)
        return;
    next_trim_ = now + std::chrono::minutes(1);
    for (capstan::store::partition_id id = 0; id < store_.telemetry().partition_count(); ++id)
        store_.telemetry().trim(id, now - settings_.telemetry_retention, {*threads_[0], [](const capstan::store::outcome<void>&) {}});
}

} // namespace capstan::hub
