#pragma once
// The values of the query language of routes and device queries. contract/semantics.md, section 4.5.

#include <cstdint>
#include <string>
#include <variant>

namespace capstan::hub::routing {

struct undefined {}; ///< nothing that could be compared: an absent property, the square root of -1, a comparison with undefined
struct missing {};   ///< a member that a JSON object does not have: compares as null does, and is not defined
struct null {};
struct object {};    ///< of JSON; its kind is all that can be asked for
struct array {};     ///< likewise

using value = std::variant<undefined, missing, null, bool, double, std::string, object, array>;

template<class T> bool is(const value& what) { return std::holds_alternative<T>(what); }
/// null, and what is taken for it.
inline bool is_null(const value& what) { return is<null>(what) || is<missing>(what); }

enum class comparison : std::uint8_t { equal, not_equal, less, less_or_equal, greater, greater_or_equal };
/// Undefined with undefined, objects and arrays. Values of different kinds are unequal, and in the order bool, number, string, null.
value compare(comparison how, const value& left, const value& right);

enum class arithmetic : std::uint8_t { add, subtract, multiply, divide, remainder };
/// Undefined unless both are numbers, and where the result is none; a division by zero is infinite.
value calculate(arithmetic how, const value& left, const value& right);

/// As a person reads it: 'text', 12.5, true, null, undefined.
std::string to_text(const value& what);

} // namespace capstan::hub::routing
