#pragma once
// Letters without case, as host names, fixed words and field names are compared. Independent of the locale.

#include <algorithm>
#include <string>
#include <string_view>

namespace capstan::auth {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

} // namespace capstan::auth
