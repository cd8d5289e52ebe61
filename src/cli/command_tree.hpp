#pragma once
// What the program can be told, read off its parser: for shells and for manual pages.

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace capstan::cli {

struct described_option {
    std::vector<std::string> names;   ///< --status, --sta, -s; of a positional its name alone
    std::string value;                ///< what to give it: FILE, ID; empty: it is a flag
    std::vector<std::string> choices; ///< the only values; empty: any
    std::string description;
    bool positional = false, required = false;

    bool takes_file() const { return value == "FILE" || value == "DIR"; }
};

struct described_command {
    std::string path; ///< "device create"; empty: the program itself
    std::string description, footer;
    std::vector<described_option> options;
    std::vector<std::pair<std::string, std::string>> commands; ///< name and description of those below
};

/// The program, and all commands below it in the order of --help.
std::vector<described_command> describe(const CLI::App& program);

} // namespace capstan::cli
