#pragma once
#include <optional>
#include <string_view>

#include <capstan/message.hpp>

namespace capstan::client {

/// 2015-10-29T07:59:00.9772497Z, with any number of digits or none behind the seconds, and Z or +00:00 or nothing at the end: as hubs
/// write times. None for anything else.
std::optional<wall_clock_time> parse_iso_time(std::string_view text);

} // namespace capstan::client
