#pragma once
// Ways into a JSON document: a.b[0].c. contract/semantics.md, sections 4.2 and 4.5.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "hub/routing/value.hpp"

namespace capstan::hub::routing {

/// Names, and indices as "[0]"; none when this is no path. [[x]] and ['x'] are names too, with a dot in front or without.
std::optional<std::vector<std::string>> split_path(std::string_view text);

/// What is there: `missing` where an object has no such member, undefined where there is nothing to have members.
value find_member(const boost::json::value& document, const std::vector<std::string>& path);

} // namespace capstan::hub::routing
