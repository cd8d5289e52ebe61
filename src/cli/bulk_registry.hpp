#pragma once
// Many devices at once.

#include <span>
#include <string>
#include <vector>

#include "cli/wait_for.hpp"

namespace capstan::cli {

constexpr std::size_t max_bulk = 100;        ///< entries of one request (contract/rest.md, section 3)
constexpr std::size_t max_query_page = 1000; ///< contract/rest.md, section 5

struct bulk_error {
    std::string device_id, module_id, code, text;
};

/// POST /devices: each entry for itself. Gives the errors of those that had no effect; throws `failed` when it is not they that are
/// wrong. At most max_bulk entries.
std::vector<bulk_error> change_devices(const hub_login& hub, boost::json::array entries);

/// One page of what is left of a query's result; `from` is the hub's word for where that begins, and becomes the next one, or empty.
boost::json::array query_page(const hub_login& hub, const std::string& query, std::size_t at_most, std::string& from);

} // namespace capstan::cli
