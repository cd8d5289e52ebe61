#pragma once
// All devices into a file, and out of one: lines of JSON, as Azure's jobs write and read them (contract/rest.md, section 8).

#include <filesystem>
#include <functional>
#include <string>

#include "hub/registry/registry.hpp"
#include "server/forward/work_queue.hpp"

namespace capstan::server {

/// False when it is to be left off. Called now and then, with how much is done.
using progress_report = std::function<bool(unsigned percent)>;

/// Both: an empty text when it is done, or left off. Blocks.
std::string export_devices(hub::registry& from, const std::filesystem::path& into, bool with_keys, const progress_report& report);

/// What cannot be registered is a line of `errors`; a file that is not made is one without lines. Answers come on `queue`, which this
/// thread runs.
std::string import_devices(const std::filesystem::path& from, hub::registry& into, const std::filesystem::path& errors, work_queue& queue,
                           const progress_report& report);

} // namespace capstan::server
