#pragma once
// What commands print: JSON for scripts, tables for people.

#include <string>
#include <vector>

#include <boost/json.hpp>

namespace capstan::cli {

/// Indented by two spaces, with a line end.
std::string pretty_json(const boost::json::value& value);

/// Columns as wide as their widest cell, two spaces between them, a line for each row. The first row is the head.
std::string table(const std::vector<std::vector<std::string>>& rows);

/// The devices (as the hub gives them) in one table, without their keys.
std::string device_table(const boost::json::array& devices);

} // namespace capstan::cli
