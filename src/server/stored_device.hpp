#pragma once
#include <expected>
#include <filesystem>
#include <optional>
#include <string>

#include "store/device_registry.hpp"

namespace capstan::server {

/// A device of a hub that does not run, from its data folder, of which nothing is changed. The folder is locked meanwhile: the error
/// says which process uses it if one does. None where the hub has no such device.
std::expected<std::optional<store::device>, std::string> read_stored_device(const std::filesystem::path& folder, const std::string& id);

} // namespace capstan::server
