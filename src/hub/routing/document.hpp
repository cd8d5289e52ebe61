#pragma once
#include <boost/json/object.hpp>

#include "store/telemetry_log.hpp"

namespace capstan::hub::routing {

/// An event as files and webhooks get it: {EnqueuedTimeUtc, Properties, SystemProperties, Body}, as Azure's storage endpoints write
/// it (contract/semantics.md, 4.1). The body is JSON where conditions see JSON (json_of); otherwise its octets in base64.
boost::json::object document_of(const store::event_view& event);

} // namespace capstan::hub::routing
