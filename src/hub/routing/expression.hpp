#pragma once
// A condition as a tree. Internal to the compiler (parser.cpp) and the evaluation (condition.cpp).

#include <variant>

#include "hub/routing/condition.hpp"
#include "hub/routing/functions.hpp"

namespace capstan::hub::routing {

struct expression {
    struct all {};     ///< AND
    struct any {};     ///< OR
    struct not_ {};
    struct first {};   ///< a ?? b
    struct one_of {};  ///< IN: the first operand among the others
    using what = std::variant<value, reference, comparison, arithmetic, const function*, all, any, not_, first, one_of>;

    what is;
    type gives = type::any;
    position at{};
    std::vector<expression> operands{};
};

struct parsed {
    std::unique_ptr<expression> root;
    std::vector<reference> references;
};

/// Throws compile_error.
parsed parse(std::vector<token> tokens, const dialect& of);

} // namespace capstan::hub::routing
