// `capstan completion`: what shells need to complete its command lines.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command_tree.hpp"
#include "cli/commands.hpp"
#include "cli/run.hpp"

namespace capstan::cli {
namespace {

using tree = std::vector<described_command>;

/// In single quotes, as all three shells read it.
std::string quoted(const std::string& text) {
    std::string safe = "'";
    for (const char c : text)
        safe += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return safe + "'";
}

std::vector<std::string> quoted_paths(const tree& all) {
    std::vector<std::string> paths;
    for (const auto& each : all)
        if (!each.path.empty())
            paths.push_back(quoted(each.path));
    return paths;
}

/// The last words "path option" after which something is to be completed, each quoted.
template<class Wanted> std::vector<std::string> places(const tree& all, Wanted wanted) {
    std::vector<std::string> found;
    for (const auto& command : all)
        for (const auto& option : command.options)
            if (!option.positional && wanted(option))
                for (const auto& name : option.names)
                    found.push_back(quoted(command.path + ' ' + name));
    return found;
}

std::vector<std::string> words_of(const described_command& command) {
    std::vector<std::string> words;
    for (const auto& [name, description] : command.commands)
        words.push_back(name);
    for (const auto& option : command.options) {
        const auto& more = option.positional ? option.choices : option.names;
        words.insert(words.end(), more.begin(), more.end());
    }
    return words;
}

/// Bash and zsh walk along the words in the same way, and differ in how they are told the choices. (What zsh calls `path` is its own.)
struct dialect {
    const char* head;
    const char* files;
    const char* choices; ///< {} is what to choose from
    const char* tail;
};

std::string script(const tree& all, const dialect& in, const std::function<std::string(const described_command&)>& offer) {
    const auto values = [](const described_option& each) { return !each.value.empty() && each.choices.empty() && !each.takes_file(); };
    const auto files = [](const described_option& each) { return each.takes_file(); };
    auto text = fmt::format(fmt::runtime(in.head), fmt::join(quoted_paths(all), "|"));
    text += "    case \"$place $prev\" in\n";
    for (const auto& command : all)
        for (const auto& option : command.options)
            if (!option.choices.empty() && !option.positional)
                text += fmt::format("    {}) {}; return ;;\n",
                                    fmt::join(places({{command.path, "", "", {option}, {}}}, [](auto&) { return true; }), "|"),
                                    fmt::format(fmt::runtime(in.choices), fmt::join(option.choices, " ")));
    text += fmt::format("    {}) {}; return ;;\n", fmt::join(places(all, files), "|"), in.files);
    text += fmt::format("    {}) return ;;\n    esac\n    case \"$place\" in\n", fmt::join(places(all, values), "|"));
    for (const auto& command : all)
        text += fmt::format("    {}) {} ;;\n", quoted(command.path), offer(command));
    return text + in.tail;
}

std::string bash(const tree& all) {
    const dialect in{R"(# bash completion of capstan: source it, or put it into bash-completion's folder.
_capstan() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} place="" next="" i words=""
    for ((i = 1; i < COMP_CWORD; i++)); do
        next="${{place:+$place }}${{COMP_WORDS[i]}}"
        case "$next" in
        {}) place=$next ;;
        esac
    done
)",
                     "COMPREPLY=($(compgen -f -- \"$cur\"))", "COMPREPLY=($(compgen -W '{}' -- \"$cur\"))",
                     "    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -o filenames -F _capstan capstan\n"};
    return script(all, in, [](const described_command& command) { return fmt::format("words='{}'", fmt::join(words_of(command), " ")); });
}

std::string zsh(const tree& all) {
    const dialect in{R"(#compdef capstan
_capstan() {{
    local prev=$words[CURRENT-1] place="" next="" i
    local -a offered
    for ((i = 2; i < CURRENT; i++)); do
        next="${{place:+$place }}$words[i]"
        case "$next" in
        {}) place=$next ;;
        esac
    done
)",
                     "_files", "compadd {}", "    esac\n    _describe -o capstan offered\n}\n_capstan \"$@\"\n"};
    return script(all, in, [](const described_command& command) {
        std::vector<std::string> entries;
        for (const auto& [name, description] : command.commands)
            entries.push_back(quoted(fmt::format("{}:{}", name, description)));
        for (const auto& option : command.options)
            for (const auto& word : option.positional ? option.choices : option.names)
                entries.push_back(quoted(fmt::format("{}:{}", word, option.description)));
        return fmt::format("offered=({})", fmt::join(entries, " "));
    });
}

std::string fish_option(const std::string& condition, const described_option& option) {
    std::string text = fmt::format("complete -c capstan -n {}", condition);
    for (const auto& name : option.names)
        text += name.starts_with("--") ? fmt::format(" -l {}", name.substr(2)) : fmt::format(" -s {}", name.substr(1));
    if (option.takes_file())
        text += " -r -F";
    else if (!option.value.empty())
        text += " -x";
    if (!option.choices.empty())
        text += fmt::format(" -a {}", quoted(fmt::format("{}", fmt::join(option.choices, " "))));
    return text + fmt::format(" -d {}\n", quoted(option.description));
}

std::string fish(const tree& all) {
    auto text = fmt::format(R"(# fish completion of capstan.
function __capstan_at
    set -l path ""
    for word in (commandline -opc)[2..-1]
        switch "$path$word"
            case {}
                set path "$path$word "
        end
    end
    test "$path" = "$argv[1]"
end
complete -c capstan -f
)",
                            fmt::join(quoted_paths(all), " "));
    for (const auto& command : all) {
        const auto condition = quoted("__capstan_at \"" + command.path + (command.path.empty() ? "\"" : " \""));
        for (const auto& [name, description] : command.commands)
            text += fmt::format("complete -c capstan -n {} -a {} -d {}\n", condition, name, quoted(description));
        for (const auto& option : command.options)
            if (!option.positional)
                text += fish_option(condition, option);
            else if (!option.choices.empty())
                text +=
                    fmt::format("complete -c capstan -n {} -a {}\n", condition, quoted(fmt::format("{}", fmt::join(option.choices, " "))));
    }
    return text;
}

} // namespace

void add_completion(CLI::App& program, action& chosen) {
    CLI::App* command = program.add_subcommand("completion", "Print what a shell needs to complete capstan's command lines.");
    auto shell = std::make_shared<std::string>();
    command->add_option("shell", *shell, "which one")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}))->type_name("SHELL");
    command->footer("Examples:\n"
                    "  source <(capstan completion bash)\n"
                    "  capstan completion zsh > ~/.zfunc/_capstan\n"
                    "  capstan completion fish > ~/.config/fish/completions/capstan.fish");
    command->callback([&chosen, &program, shell] {
        chosen = [&program, shell] {
            const auto all = describe(program);
            fmt::print("{}", *shell == "bash" ? bash(all) : *shell == "zsh" ? zsh(all) : fish(all));
            return exit_ok;
        };
    });
}

} // namespace capstan::cli
