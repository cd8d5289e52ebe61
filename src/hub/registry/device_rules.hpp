#pragma once
// What a device in the registry may look like, and what the hub fills in. contract/semantics.md, section 7; contract/rest.md,
// section 3.

#include <expected>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/clock.hpp"
#include "store/device_registry.hpp"

namespace capstan::hub {

/// Why a request to the registry is refused.
struct registry_refusal {
    enum class reason : std::uint8_t { malformed, invalid, not_found, already_exists, precondition_failed, too_many, unavailable } why;
    std::string text; ///< for the client; never empty
};

/// 1 to 128 of the characters that device ids may have.
bool valid_device_id(std::string_view id);
/// What a client is told of an id that is not.
std::string not_a_device_id(std::string_view id);

/// What the rules need beside the device and the body.
struct rule_context {
    const store::device_registry& devices; ///< where the edge device that a scope names is looked up
    wall_time now;
    std::string number; ///< never given out before: for a generation id, or the scope of an edge device
};

/// The device, or the module by its key, that the body of a create describes: missing keys are made.
std::expected<store::device, registry_refusal> new_device(const std::string& id, const boost::json::value& body, const rule_context& with);

/// The device after an update. What the body leaves out stays; so do keys that it sends empty.
std::expected<store::device, registry_refusal> changed_device(const store::device& present, const boost::json::value& body,
                                                              const rule_context& with);

} // namespace capstan::hub
