#pragma once
#include "hub/settings.hpp"
#include "server/config.hpp"
#include "server/hub_file.hpp"

namespace capstan::server {

/// The hub's rules as configured and as the data folder says. The ports are set when they are known.
hub::settings hub_settings_of(const config& settings, const hub_file& hub);

} // namespace capstan::server
