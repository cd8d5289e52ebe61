#pragma once
// One change among many: an entry of a bulk request or a line of an import. contract/rest.md, section 3.

#include <functional>
#include <optional>
#include <string>

#include <boost/json.hpp>

#include "hub/registry/registry.hpp"

namespace capstan::hub {

/// By the numbers of their errors (contract/rest.md, section 2), which an import's log has.
enum class entry_errc : std::uint32_t {
    argument_invalid = 400004,
    argument_null = 400005,
    format = 400006,
    device_not_found = 404001,
    module_not_found = 404010,
    device_already_exists = 409001,
    module_already_exists = 409301,
    precondition_failed = 412001,
    too_many_modules = 413003,
    unavailable = 503001,
};

struct entry_error {
    entry_errc code;
    std::string text; ///< for the client; never empty
};

/// Of the entry's device, or of its module: the key that the registry knows it by.
std::string key_of(const boost::json::object& entry);

/// Makes the change. `done` is called on `home`, not inside the call: with none when the entry has taken effect.
void apply_entry(registry& to, const boost::json::object& entry, run_queue& home,
                 std::move_only_function<void(std::optional<entry_error>)> done);

/// A device or a module, as REST shows it, as a line of an export: what an import makes the same of (contract/rest.md, section 8).
boost::json::object export_line(const boost::json::object& shown, bool with_keys = true);

} // namespace capstan::hub
