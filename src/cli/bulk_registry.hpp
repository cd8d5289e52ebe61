#pragma once
// Many devices at once.

#include <span>
#include <string>
#include <vector>

#include "cli/wait_for.hpp"

namespace capstan::cli {

constexpr std::size_t max_bulk = 100; ///< entries of one request (contract/rest.md, section 3)

struct bulk_error {
    std::string device_id, code, text;
};

/// POST /devices: each entry for itself. Gives the errors of those that had no effect; throws `failed` when it is not they that are
/// wrong. At most max_bulk entries.
std::vector<bulk_error> change_devices(const hub_login& hub, boost::json::array entries);

} // namespace capstan::cli
