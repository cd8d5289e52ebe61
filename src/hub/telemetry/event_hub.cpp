#include "hub/telemetry/event_hub.hpp"

#include <utility>

#include <spdlog/spdlog.h>

namespace capstan::hub {

event_hub::event_hub(std::string name, store::telemetry_log& log, std::chrono::seconds retention, std::vector<std::string> groups,
                     const settings& rules)
    : name_(std::move(name)), log_(log), retention_(retention), readers_(rules),
      consumer_groups_(std::move(groups), rules.consumer_groups_max), trouble_(log.partition_count()) {}

void event_hub::forget_old(wall_time now, run_queue& home) {
    for (store::partition_id id = 0; id < log_.partition_count(); ++id) {
        auto done = [this, id](const store::outcome<void>& result) { on_forgotten(id, result); };
        log_.trim(id, now - retention_, {home, std::move(done)});
    }
}

/// A disk that is never given back fills up: the operator hears of it, once for each change.
void event_hub::on_forgotten(store::partition_id partition, const store::outcome<void>& result) {
    if (!result && result.error().code == store::errc::closed)
        return;
    const auto trouble = result ? std::string() : result.error().text;
    if (std::exchange(trouble_[partition], trouble) == trouble)
        return;
    if (result)
        spdlog::info("old telemetry of event_hub={} partition={} is forgotten again", name_, partition);
    else
        spdlog::error("old telemetry of event_hub={} partition={} cannot be forgotten: {}", name_, partition, trouble);
}

} // namespace capstan::hub
