#pragma once
#include <string_view>

#include "base/bytes.hpp"

namespace capstan::auth {

/// For secrets: the time it takes says nothing of where the two differ, only whether they are equally long.
bool equal_in_constant_time(bytes_view a, bytes_view b);
bool equal_in_constant_time(std::string_view a, std::string_view b);

} // namespace capstan::auth
