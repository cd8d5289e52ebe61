#pragma once
#include <algorithm>

#include "hub/commands/command_center.hpp"
#include "hub/hub.hpp"
#include "hub/presence.hpp"
#include "hub/registry/device_json.hpp"

namespace capstan::http {

/// What the hub knows now of a device, or of a module by its key.
inline hub::live_state live_state_of(hub::hub& hub, std::string_view id) {
    hub::live_state live;
    if (const auto before = hub.store().devices().activity(id)) {
        live.connection_changed = before->connection_changed;
        live.last_activity = before->last;
    }
    if (const auto seen = hub.presence().find(id)) {
        live.connected = seen->connected;
        live.connection_changed = std::max(live.connection_changed, seen->changed);
        live.last_activity = std::max(live.last_activity, seen->last_activity);
    }
    live.queued_commands = hub.commands().waiting(id);
    return live;
}

} // namespace capstan::http
