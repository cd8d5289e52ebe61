#include "cli/command_tree.hpp"

namespace capstan::cli {
namespace {

/// CLI11 shows them behind the type: "STATUS:{enabled,disabled}".
std::vector<std::string> choices_in(const std::string& type) {
    const auto open = type.find('{');
    const auto close = type.find('}', open);
    if (open == type.npos || close == type.npos)
        return {};
    return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
}

described_option describe(const CLI::Option& option) {
    described_option told;
    const auto type = option.get_type_name();
    told.choices = choices_in(type);
    told.value = option.get_items_expected_max() == 0 ? "" : type.substr(0, type.find(':'));
    told.description = option.get_description();
    told.required = option.get_required();
    for (const auto& name : option.get_lnames())
        told.names.push_back("--" + name);
    for (const auto& name : option.get_snames())
        told.names.push_back("-" + name);
    if (told.names.empty()) {
        told.positional = true;
        told.names.push_back(option.get_name(true));
    }
    return told;
}

void add(std::vector<described_command>& all, const CLI::App& app, const std::string& path) {
    described_command told{path, app.get_description(), app.get_footer(), {}, {}};
    for (const auto* option : app.get_options())
        told.options.push_back(describe(*option));
    const auto below = app.get_subcommands([](const CLI::App*) { return true; });
    for (const auto* each : below)
        told.commands.emplace_back(each->get_name(), each->get_description());
    all.push_back(std::move(told));
    for (const auto* each : below)
        add(all, *each, path.empty() ? each->get_name() : path + ' ' + each->get_name());
}

} // namespace

std::vector<described_command> describe(const CLI::App& program) {
    std::vector<described_command> all;
    add(all, program, "");
    return all;
}

} // namespace capstan::cli
