// Routes without a hub: what the configuration says, and which way a message would go.

#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands.hpp"
#include "cli/failed.hpp"
#include "cli/hub_login.hpp"
#include "cli/message_options.hpp"
#include "cli/output.hpp"
#include "client/message_codec.hpp"
#include "hub/routing/message_subject.hpp"
#include "hub/routing/router.hpp"
#include "server/host_name.hpp"

namespace capstan::cli {
namespace {

namespace json = boost::json;
namespace routing = hub::routing;

struct route_options {
    std::optional<std::string> config_file, condition, name;
    std::string device = "device", module;
    message_options message;
    output_form form = output_form::table;
};

constexpr column list_columns[] = {
    {"ROUTE", "/name"}, {"ENABLED", "/enabled"}, {"ENDPOINTS", "/endpoints"}, {"CONDITION", "/condition"}, {"SOURCE", "/source"}};
constexpr column test_columns[] = {{"ROUTE", "/name"}, {"RESULT", "/result"}, {"ENDPOINTS", "/endpoints"}, {"WHY", "/why"}};

server::config configured(const route_options& given) {
    hub_options hub;
    hub.config_file = given.config_file;
    return load_config_for(hub);
}

int list(const route_options& given) {
    const auto config = configured(given);
    json::array rows;
    for (const auto& each : config.routes.list)
        rows.push_back({{"name", each.name},
                        {"enabled", each.enabled},
                        {"endpoints", fmt::format("{}", fmt::join(each.endpoints, ", "))},
                        {"condition", each.condition},
                        {"source", routing::to_text(each.source)}});
    if (config.routes.fallback)
        rows.push_back({{"name", "$fallback"},
                        {"enabled", true},
                        {"endpoints", routing::built_in_name},
                        {"condition", "all others"},
                        {"source", routing::to_text(routing::source::telemetry)}});
    print(given.form, list_columns, rows);
    return exit_ok;
}

// --- Which way a message goes ------------------------------------------------------------------------------------------------

/// As it stands in a condition.
std::string name_of(const routing::reference& asked) {
    switch (asked.what) {
    case routing::reference::kind::property: return asked.name;
    case routing::reference::kind::system_only: return "{$" + asked.name + "}";
    default: return "$" + asked.name;
    }
}

/// What the condition has found for each of its names.
std::string reasons(const routing::condition& of, const routing::message_subject& message) {
    std::vector<std::string> found;
    bool asks_body = false;
    for (const auto& each : of.references()) {
        asks_body = asks_body || each.what == routing::reference::kind::member;
        found.push_back(fmt::format("{} is {}", name_of(each), routing::to_text(message.look_up(each))));
    }
    if (asks_body && !message.body_trouble().empty())
        found.push_back(message.body_trouble());
    return fmt::format("{}", fmt::join(found, "; "));
}

json::object tested(const routing::route& one, const routing::message_subject& message) {
    const auto compiled = routing::condition::compile(one.condition);
    if (!compiled)
        throw failed(exit_usage, routing::to_text(compiled.error()));
    return {{"name", one.name},
            {"result", one.enabled ? routing::to_text(compiled->evaluate(message)) : "disabled"},
            {"endpoints", fmt::format("{}", fmt::join(one.endpoints, ", "))},
            {"why", reasons(*compiled, message)}};
}

std::vector<routing::route> asked_for(const route_options& given, const routing::routes& all) {
    if (given.condition)
        return {{.name = "condition", .condition = *given.condition}};
    auto routes = all.list;
    if (given.name)
        std::erase_if(routes, [&](const auto& each) { return each.name != *given.name; });
    else
        std::erase_if(routes, [](const auto& each) { return each.source != routing::source::telemetry; });
    if (given.name && routes.empty())
        throw failed(exit_usage, fmt::format("there is no route '{}'", *given.name));
    return routes;
}

std::vector<std::string> ways(const routing::routes& all, const routing::message_subject& message, const std::string& hub_name) {
    const auto router = routing::router::make(all, hub_name);
    const auto chosen = router ? router->choose(message) : routing::built_in;
    std::vector<std::string> names;
    if (chosen & routing::built_in)
        names.emplace_back(routing::built_in_name);
    for (std::size_t index = 0; index < all.endpoints.size(); ++index)
        if (chosen & (routing::built_in << (index + 1)))
            names.push_back(all.endpoints[index].name);
    return names;
}

int test(const route_options& given) {
    const auto config = configured(given);
    const auto octets = client::encode(make_message(given.message, ""));
    const auto message = amqp::message_view::parse(octets).value();
    const auto auth_method = hub::auth_method_text(hub::identities::proof::device_key, !given.module.empty());
    const hub::sender_stamp sender{
        .device = given.device, .module = given.module, .generation_id = "1", .auth_method = auth_method, .model_id = {}};
    const routing::message_subject subject(message, sender, system_wall_clock().now());
    json::array rows;
    for (const auto& each : asked_for(given, config.routes))
        rows.push_back(tested(each, subject));
    print(given.form, test_columns, rows);
    if (given.form == output_form::table && !given.condition && !given.name) {
        const auto to = ways(config.routes, subject, server::hub_name_of(config.hub.hostnames.front()));
        fmt::print("The message goes to {}.\n", to.empty() ? "no endpoint: it is dropped" : fmt::format("{}", fmt::join(to, ", ")));
    }
    return exit_ok;
}

} // namespace

void add_route(CLI::App& program, action& chosen) {
    CLI::App* route = program.add_subcommand("route", "Where telemetry goes: the routes of the configuration file.");
    route->require_subcommand(1);
    const auto given = std::make_shared<route_options>();
    const auto add = [&](const char* name, const char* help, int (*perform)(const route_options&)) -> CLI::App& {
        CLI::App* command = route->add_subcommand(name, help);
        command->add_option("--config", given->config_file, "the hub's configuration file")->type_name("FILE");
        add_output_option(*command, given->form);
        command->callback([&chosen, perform, given] { chosen = [perform, given] { return perform(*given); }; });
        return *command;
    };
    add("list", "List them.", list);
    CLI::App& tests = add("test", "Say which routes a message takes, and why. Nothing is sent.", test);
    add_message_options(tests, given->message);
    tests.add_option("-d,--device-id", given->device, "who sends it [device]")->type_name("ID");
    tests.add_option("-m,--module-id", given->module, "which of its modules")->type_name("ID");
    auto* name = tests.add_option("-n,--name,--route-name", given->name, "this route only")->type_name("NAME");
    tests.add_option("--condition", given->condition, "instead of the configuration's: this condition")->type_name("TEXT")->excludes(name);
    tests.footer("  capstan route test --config capstan.toml --ct 'application/json;charset=utf-8' --data '{\"temperature\":31}'\n"
                 "  capstan route test --condition \"level = 'critical'\" --properties level=critical\n"
                 "The language: docs/routing.md.");
}

} // namespace capstan::cli
