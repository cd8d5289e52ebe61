#include <memory>

#include <fmt/format.h>

#include "auth/percent.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/wait_for.hpp"

namespace capstan::cli {
namespace {

using verb = boost::beast::http::verb;

struct consumer_group_options {
    hub_options hub;
    std::string name, event_hub;
    output_form form = output_form::table;
};

constexpr column group_columns[] = {{"CONSUMER GROUP", "/name"}};

boost::json::value ask(const consumer_group_options& given, verb method, const std::string& path) {
    const auto of = given.event_hub.empty() ? std::string() : "&eventhub=" + auth::percent_encode(given.event_hub);
    return ask_hub(log_in_as_service(given.hub), {.method = method, .path = path, .query = of});
}

std::string path_of(const consumer_group_options& given) { return "/consumergroups/" + auth::percent_encode(given.name); }

int create(const consumer_group_options& given) {
    print(given.form, group_columns, ask(given, verb::put, path_of(given)));
    return exit_ok;
}

int list(const consumer_group_options& given) {
    print(given.form, group_columns, ask(given, verb::get, "/consumergroups"));
    return exit_ok;
}

int remove(const consumer_group_options& given) {
    ask(given, verb::delete_, path_of(given));
    if (given.form == output_form::table)
        fmt::print("deleted {}\n", given.name);
    return exit_ok;
}

} // namespace

void add_consumer_group(CLI::App& program, action& chosen) {
    CLI::App* group = program.add_subcommand("consumer-group", "Groups of readers of telemetry that do not get in each other's way.");
    group->require_subcommand(1);
    const auto given = std::make_shared<consumer_group_options>();
    const auto add = [&](const char* name, const char* help, int (*perform)(const consumer_group_options&), bool of_one = true) {
        CLI::App* command = group->add_subcommand(name, help);
        if (of_one)
            command->add_option("-n,--name,name", given->name, "its name")->required()->type_name("NAME");
        command->add_option("-e,--event-hub-name,--eh", given->event_hub, "of this endpoint of the routes [events: the built-in one]")
            ->type_name("NAME");
        add_login_options(*command, given->hub);
        add_output_option(*command, given->form);
        command->callback([&chosen, perform, given] { chosen = [perform, given] { return perform(*given); }; });
    };
    add("list", "List them.", list, false);
    add("create", "Make one; a hub has 20 with $Default, if it is not told otherwise.", create);
    add("delete", "Remove one; its readers are disconnected.", remove);
    group->footer("These are Capstan's: Azure keeps its own on another plane, which only its portal and `az` reach.");
}

} // namespace capstan::cli
