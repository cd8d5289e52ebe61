#include <memory>
#include <optional>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/failed.hpp"
#include "server/config.hpp"
#include "server/serve.hpp"
#include "server/settings.hpp"

namespace capstan::cli {
namespace {

/// What was given on the command line, flag by flag.
struct serve_options {
    std::optional<std::string> config_file;
    std::vector<server::flag_value> flags;
};

std::string settings_help() {
    std::string text = "Settings, as [section] and key of the configuration file (TOML), with their environment variables and defaults:\n";
    const server::config defaults;
    for (const server::setting& one : server::all_settings()) {
        const std::string shown = one.show(defaults);
        text += fmt::format("  {} ({})  {}{}\n      {}\n", one.key, one.form, server::variable_of(one.key),
                            shown.empty() ? "" : "  [" + shown + "]", one.help);
    }
    text += "A flag goes before an environment variable, that before the file, that before the default.\n\n"
            "Examples:\n"
            "  capstan serve --data ./hub\n"
            "  capstan serve --data ./hub --hostname hub.example.net --https-port 8443\n"
            "  capstan serve --config capstan.toml --ready-file /run/capstan/ready.json\n"
            "  CAPSTAN_LOG__FORMAT=json capstan serve --ephemeral --amqps-port 0 --https-port 0 --ready-file ready.json";
    return text;
}

void add_flag_of(CLI::App& command, const server::setting& setting, serve_options& options) {
    const std::string flag(setting.flag);
    const std::string shown = setting.show(server::config{});
    const std::string help = std::string(setting.help) + (shown.empty() || shown == "false" ? "" : " [" + shown + "]");
    const auto keep = [&options, &setting](const std::vector<std::string>& values) {
        options.flags.push_back({std::string(setting.flag), std::string(setting.key), values});
    };
    if (setting.form == "true|false") {
        command.add_flag_function(flag, [keep](std::int64_t) { keep({"true"}); }, help);
        return;
    }
    auto* option =
        command.add_option_function<std::vector<std::string>>(flag, keep, help)->type_name(std::string(setting.form))->expected(1);
    if (setting.form == "name[,name]")
        option->type_name("NAME...")->take_all();
    else
        option->take_last();
}

int serve(const serve_options& options) {
    const server::config_sources sources{options.config_file, server::process_environment(), options.flags};
    return server::serve(value_or_fail(server::load_config(sources)));
}

} // namespace

void add_serve(CLI::App& program, action& chosen) {
    CLI::App* command =
        program.add_subcommand("serve", "Run a hub until it is told to stop (SIGTERM or SIGINT). SIGHUP loads its certificates again.");
    auto options = std::make_shared<serve_options>();
    command->add_option("--config", options->config_file, "configuration file")->type_name("FILE");
    for (const server::setting& one : server::all_settings())
        if (!one.flag.empty())
            add_flag_of(*command, one, *options);
    command->footer(settings_help());
    command->callback([&chosen, options] { chosen = [options] { return serve(*options); }; });
}

} // namespace capstan::cli
