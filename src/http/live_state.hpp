#pragma once
#include "hub/commands/command_center.hpp"
#include "hub/hub.hpp"
#include "hub/presence.hpp"
#include "hub/registry/device_json.hpp"

namespace capstan::http {

/// What the hub knows now of a device, or of a module by its key.
inline hub::live_state live_state_of(hub::hub& hub, std::string_view id) {
    hub::live_state live;
    if (const auto seen = hub.presence().find(id)) {
        live.connected = seen->connected;
        live.connection_changed = seen->changed;
        live.last_activity = seen->last_activity;
    }
    live.queued_commands = hub.commands().waiting(id);
    return live;
}

} // namespace capstan::http
