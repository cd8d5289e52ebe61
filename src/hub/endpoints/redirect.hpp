#pragma once
#include "hub/endpoints/endpoints.hpp"

namespace capstan::hub {

/// /messages/events… on the hub: where the event-hub-compatible endpoint is. `suffix` is what followed "messages/events".
/// contract/event-hubs.md, 1.1.
refusal redirect(const conversation& with, std::string_view suffix);

/// How long a refused reader is kept waiting: some clients attach again at once and for ever (contract/event-hubs.md, 4.4).
constexpr std::chrono::milliseconds refusal_pause{100};

} // namespace capstan::hub
