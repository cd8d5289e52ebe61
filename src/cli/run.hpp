#pragma once

namespace capstan::cli {

/// How the program ends; scripts may rely on these.
enum exit_code : int {
    exit_ok = 0,
    exit_usage = 1,       ///< wrong arguments or configuration, or the data folder cannot be used
    exit_refused = 2,     ///< the hub answered, and said no
    exit_unreachable = 3, ///< no hub answered
};

/// The whole program: parses the command line, runs the command, gives back the exit code. Throws nothing.
int run(int argc, const char* const* argv);

} // namespace capstan::cli
