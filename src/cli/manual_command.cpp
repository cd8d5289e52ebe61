// `capstan manual`: a manual page for each command, in troff's man macros.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command_tree.hpp"
#include "cli/commands.hpp"
#include "cli/failed.hpp"
#include "cli/version.hpp"

namespace capstan::cli {
namespace {

/// troff reads a backslash anywhere, and a dot or an apostrophe at the beginning of a line, as its own.
std::string plain(std::string_view text) {
    std::string safe;
    bool begins = true;
    for (const char c : text) {
        if (begins && (c == '.' || c == '\''))
            safe += "\\&";
        safe += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
        begins = c == '\n';
    }
    return safe;
}

/// capstan-device-create
std::string page_name(const std::string& path) {
    std::string name = path.empty() ? "capstan" : "capstan-" + path;
    std::ranges::replace(name, ' ', '-');
    return name;
}

std::string synopsis(const described_command& command) {
    auto text = fmt::format(".B capstan {}\n", plain(command.path));
    for (const auto& option : command.options)
        if (option.required)
            text += fmt::format("{} ", plain(option.positional ? option.value : option.names[0] + ' ' + option.value));
    text += command.commands.empty() ? "[options]\n" : "command\n";
    return text;
}

std::string option_text(const described_option& option) {
    auto text = fmt::format(".TP\n.B {}", plain(fmt::format("{}", fmt::join(option.names, ", "))));
    if (!option.value.empty() && !option.positional)
        text += " " + plain(option.choices.empty() ? option.value : fmt::format("{}", fmt::join(option.choices, "|")));
    return text + fmt::format("\n{}\n", plain(option.description));
}

std::string page(const described_command& command) {
    const auto name = page_name(command.path);
    auto text = fmt::format(".TH {} 1 \"\" \"Capstan {}\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n{}", plain(name), version, plain(name),
                            plain(command.description), synopsis(command));
    if (!command.commands.empty())
        text += ".SH COMMANDS\n";
    for (const auto& [below, description] : command.commands)
        text += fmt::format(".TP\n.B {}\n{}\n", plain(below), plain(description));
    text += ".SH OPTIONS\n";
    for (const auto& option : command.options)
        text += option_text(option);
    if (!command.footer.empty())
        text += fmt::format(".SH NOTES\n.nf\n{}\n.fi\n", plain(command.footer));
    text += ".SH EXIT STATUS\n0 done, 1 wrong usage or configuration, 2 refused by the hub, 3 hub not reached.\n";
    if (!command.commands.empty())
        text += ".SH SEE ALSO\n";
    for (const auto& [below, description] : command.commands)
        text += fmt::format(".BR {} (1)\n", plain(page_name(command.path.empty() ? below : command.path + ' ' + below)));
    return text;
}

int write_pages(const CLI::App& program, const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    for (const auto& command : describe(program)) {
        const auto file = folder / (page_name(command.path) + ".1");
        std::ofstream out(file, std::ios::trunc);
        out << page(command);
        if (!out.flush())
            throw failed(exit_usage, fmt::format("cannot write {}", file.string()));
    }
    return exit_ok;
}

} // namespace

void add_manual(CLI::App& program, action& chosen) {
    CLI::App* command = program.add_subcommand("manual", "Write the manual pages, one for each command.");
    auto folder = std::make_shared<std::string>();
    command->add_option("folder", *folder, "where to")->required()->type_name("DIR");
    command->footer("Examples:\n"
                    "  capstan manual ~/.local/share/man/man1 && man capstan-device-simulate");
    command->callback([&chosen, &program, folder] { chosen = [&program, folder] { return write_pages(program, *folder); }; });
}

} // namespace capstan::cli
