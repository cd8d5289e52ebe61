#pragma once
// The functions of the query language. contract/semantics.md, section 4.6.

#include <span>
#include <string_view>

#include "hub/routing/value.hpp"

namespace capstan::hub::routing {

struct function {
    enum class gives : std::uint8_t { boolean, number, text };

    std::string_view name;      ///< in upper case
    std::string_view arguments; ///< n: a number, s: a text, v: either, a: anything
    std::size_t least;          ///< how many arguments there must be; at most as many as `arguments`, or without end where that ends in +
    gives result;
    value (*apply)(std::span<const value> arguments);

    bool takes(std::size_t count) const;
    char argument(std::size_t index) const;
};

/// Without regard to case; none when there is no such function.
const function* find_function(std::string_view name);

} // namespace capstan::hub::routing
