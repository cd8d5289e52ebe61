#pragma once
#include <stdexcept>
#include <string>

#include "cli/run.hpp"

namespace capstan::cli {

/// Ends a command: run() prints the text to stderr and gives back the code.
struct failed : std::runtime_error {
    failed(exit_code why, const std::string& text) : std::runtime_error(text), code(why) {}
    exit_code code;
};

/// The value of an expected, or the end of the command with its error.
template<class Expected> auto value_or_fail(Expected&& outcome, exit_code why = exit_usage) {
    if (!outcome)
        throw failed(why, outcome.error());
    return *std::forward<Expected>(outcome);
}

} // namespace capstan::cli
