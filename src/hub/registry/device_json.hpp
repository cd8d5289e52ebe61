#pragma once
// A device as the REST interface shows and takes it. contract/rest.md, section 3.

#include <expected>
#include <string>

#include <boost/json.hpp>

#include "base/clock.hpp"
#include "store/device_registry.hpp"

namespace capstan::hub {

/// What is known of a device beside its registration.
struct live_state {
    bool connected = false;
    wall_time connection_changed{}; ///< the epoch: never
    wall_time last_activity{};      ///< the epoch: never
    std::size_t queued_commands = 0;
};

boost::json::object to_json(const store::device& device, const live_state& state);

/// Lays what the body says over `onto`; what the body leaves out stays, and so does what it has null, but for the status reason and
/// thumbprints, which null takes away. Empty keys are for the caller to fill. Says what does not fit.
std::expected<store::device, std::string> merge_json(store::device onto, const boost::json::value& body);

/// A module (store::module_key): it has no status of its own and no capabilities.
boost::json::object module_to_json(const store::device& module, const live_state& state);
/// As merge_json, for a module.
std::expected<store::device, std::string> merge_module_json(store::device onto, const boost::json::value& body);

/// What a query gives of a device or a module: its twin (contract/rest.md, section 4), which has neither tags nor properties yet.
boost::json::object device_twin_json(const store::device& device, const live_state& state);
boost::json::object module_twin_json(const store::device& module, const live_state& state);

} // namespace capstan::hub
