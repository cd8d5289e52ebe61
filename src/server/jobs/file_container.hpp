#pragma once
#include <expected>
#include <filesystem>
#include <memory>
#include <string>

#include "hub/jobs/blob_container.hpp"

namespace capstan::server {

/// A folder: a name, or a path like a/b, below the operator's folder of jobs, or file:///… of one below it. The folder of jobs and the
/// container are made when they are missing. Whatever leads out of the folder of jobs, by .. or by a link, is refused.
std::expected<std::unique_ptr<hub::blob_container>, std::string> open_file_container(const std::string& uri,
                                                                                     const std::filesystem::path& jobs_folder);

} // namespace capstan::server
