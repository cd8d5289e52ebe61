#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/version.hpp"

namespace capstan::cli {

void add_version(CLI::App& program, action& chosen) {
    CLI::App* command = program.add_subcommand("version", "Print the program's version.");
    command->callback([&chosen] {
        chosen = [] {
            fmt::print("capstan {}\n", version);
            return 0;
        };
    });
}

} // namespace capstan::cli
