#pragma once
// [routing] of the configuration file: [[routing.routes]], [[routing.endpoints]], [[routing.enrichments]]. docs/routing.md has all keys.

#include <expected>
#include <filesystem>
#include <string>

#include <toml++/toml.h>

#include "hub/routing/routes.hpp"

namespace capstan::server {

/// Replaces what `into` holds. The error names the file and the line. What the routes say is not checked here (hub::routing::check).
std::expected<void, std::string> apply_routing(hub::routing::routes& into, const std::filesystem::path& file, const toml::table& section);

} // namespace capstan::server
