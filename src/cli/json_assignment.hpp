#pragma once
// Single properties of the hub's JSON, as they are given on the command line.

#include <string>
#include <string_view>

#include <boost/json.hpp>

namespace capstan::cli {

/// Puts the value where object.first.second says, making objects on the way.
void put_at(boost::json::value& object, std::string_view path, boost::json::value value);

/// "path=value": the value is JSON if it reads as such, else text. Throws `failed`.
void put_assignment(boost::json::value& object, const std::string& assignment);

} // namespace capstan::cli
