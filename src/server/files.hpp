#pragma once
// Small files that are written and read as a whole.

#include <expected>
#include <filesystem>
#include <string>
#include <string_view>

namespace capstan::server {

/// Files read here are keys, certificates and small JSON: a larger one is not what it is taken for.
constexpr std::size_t max_file_size = 1024 * 1024;

/// After a crash at any moment the file has its old content or the new one. `mode`: the file's permissions, whatever the
/// umask is, and never wider even for a moment. Leaves {file}.tmp behind if it is killed in between. Errors name the file.
std::expected<void, std::string> write_whole_file(const std::filesystem::path& file, std::string_view content, unsigned mode);

std::expected<std::string, std::string> read_whole_file(const std::filesystem::path& file);

} // namespace capstan::server
