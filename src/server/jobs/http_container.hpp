#pragma once
#include <atomic>
#include <expected>
#include <filesystem>
#include <memory>
#include <string>

#include "hub/jobs/blob_container.hpp"
#include "server/config.hpp"

namespace capstan::server {

bool is_http(const std::string& uri);

/// A container of Azure's blob storage, or of what speaks like it: https://host/container?sas. The hub calls no host but those that
/// its operator has listed ("host", or "host:port"). What is fetched lies in `folder` meanwhile. A transfer ends early when
/// `interrupted` is set; it and the rules outlive the container.
std::expected<std::unique_ptr<hub::blob_container>, std::string> open_http_container(const std::string& uri,
                                                                                     const config::jobs_section& rules,
                                                                                     const std::filesystem::path& folder,
                                                                                     const std::atomic<bool>& interrupted);

} // namespace capstan::server
