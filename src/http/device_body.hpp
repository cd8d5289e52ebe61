#pragma once
#include "http/exchange.hpp"

namespace capstan::http {

/// A device with what the hub knows of it now.
boost::json::object device_body(hub::hub& hub, const store::device& device);
hub::registry::if_match if_match_of(const request& asked);

} // namespace capstan::http
