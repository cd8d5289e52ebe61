#pragma once
// A device as it lies in the registry: a JSON object, so that members may be added later. docs/format/store.md, section 4.

#include <optional>
#include <string>
#include <string_view>

#include "store/device_registry.hpp"

namespace capstan::store {

std::string device_to_json(const device& value);

/// None when the text is no device. A member that is not there has its default; one that is not known is passed over.
std::optional<device> device_from_json(std::string_view text);

} // namespace capstan::store
