#pragma once
// What there is below `capstan device`, one file each.

#include "cli/commands.hpp"

namespace capstan::cli {

void add_device_registry(CLI::App& device, action& chosen);  ///< create, show, list, update, renew-key, delete
void add_device_connection_string(CLI::App& device, action& chosen); ///< connection-string show
void add_device_files(CLI::App& device, action& chosen);     ///< import, export
void add_device_telemetry(CLI::App& device, action& chosen); ///< send-d2c-message
void add_device_commands(CLI::App& device, action& chosen);  ///< c2d-message
void add_dead_letters(CLI::App& c2d_message, action& chosen); ///< below c2d-message: peek, deadletter
void add_device_simulate(CLI::App& device, action& chosen);

} // namespace capstan::cli
