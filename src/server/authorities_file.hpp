#pragma once
// DIR/authorities.json: the certificates of authorities that services have registered. They are no secret; what they are good for is,
// while it is not verified, the code.

#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "hub/registry/authorities.hpp"

namespace capstan::server {

/// None when there is no such file yet. The error names the file.
std::expected<std::vector<hub::authority>, std::string> read_authorities(const std::filesystem::path& file);

/// Only the owner may read it.
std::expected<void, std::string> write_authorities(const std::filesystem::path& file, const std::vector<hub::authority>& all);

} // namespace capstan::server
