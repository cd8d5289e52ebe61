#include <memory>
#include <optional>

#include <fmt/format.h>

#include "auth/connection_string.hpp"
#include "auth/random.hpp"
#include "cli/commands.hpp"
#include "cli/failed.hpp"
#include "cli/json_assignment.hpp"
#include "cli/output.hpp"
#include "cli/wait_for.hpp"
#include "client/registry/paths.hpp"

namespace capstan::cli {
namespace {

namespace json = boost::json;
using verb = boost::beast::http::verb;

struct module_options {
    hub_options hub;
    output_form form = output_form::table;
    std::string device, module;
    std::optional<std::string> managed_by;
    std::string authentication = "sas"; ///< its type
    std::optional<std::string> primary_thumbprint, secondary_thumbprint;
    std::vector<std::string> assignments;
    std::string renewed;
    bool secondary = false;
};

constexpr column module_columns[] = {{"MODULE", "/moduleId"},
                                     {"DEVICE", "/deviceId"},
                                     {"CONNECTION", "/connectionState"},
                                     {"AUTHENTICATION", "/authentication/type"},
                                     {"MANAGED BY", "/managedBy"}};

std::string modules_path(const module_options& given) { return device_path(given.device) + "/modules"; }
std::string module_path(const module_options& given) { return client::path_of(given.device, given.module); }

json::value ask(const module_options& given, client::rest_request request) {
    return ask_hub(log_in_as_service(given.hub), std::move(request));
}

json::value get(const module_options& given) { return ask(given, {.path = module_path(given)}); }

/// In place of the one that was read.
json::value put(const module_options& given, const json::value& changed) {
    const auto version = fmt::format("\"{}\"", changed.at("etag").as_string().c_str());
    return ask(given, {.method = verb::put, .path = module_path(given), .if_match = version, .body = changed});
}

int create(const module_options& given) {
    json::object authentication{{"type", given.authentication}};
    if (given.primary_thumbprint)
        authentication["x509Thumbprint"] = {{"primaryThumbprint", *given.primary_thumbprint},
                                            {"secondaryThumbprint", given.secondary_thumbprint.value_or(*given.primary_thumbprint)}};
    json::object body{{"deviceId", given.device}, {"moduleId", given.module}, {"authentication", std::move(authentication)}};
    if (given.managed_by)
        body["managedBy"] = *given.managed_by;
    print(given.form, module_columns, ask(given, {.method = verb::put, .path = module_path(given), .body = std::move(body)}));
    return exit_ok;
}

int list(const module_options& given) {
    print(given.form, module_columns, ask(given, {.path = modules_path(given)}));
    return exit_ok;
}

int show(const module_options& given) {
    print(given.form, module_columns, get(given));
    return exit_ok;
}

int update(const module_options& given) {
    auto module = get(given);
    if (given.managed_by)
        put_at(module, "managedBy", json::value(*given.managed_by));
    for (const auto& each : given.assignments)
        put_assignment(module, each);
    print(given.form, module_columns, put(given, module));
    return exit_ok;
}

json::value& keys_of(json::value& module) {
    if (module.at("authentication").at("type").as_string() != "sas")
        throw failed(exit_usage, "the module has no keys: it signs in by certificate");
    return module.at("authentication").at("symmetricKey");
}

int renew_key(const module_options& given) {
    auto module = get(given);
    auto& keys = keys_of(module);
    if (given.renewed == "swap")
        swap(keys.at("primaryKey"), keys.at("secondaryKey"));
    else
        keys.at(given.renewed == "primary" ? "primaryKey" : "secondaryKey") = auth::random_key();
    print(given.form, module_columns, put(given, module));
    return exit_ok;
}

int remove(const module_options& given) {
    ask(given, {.method = verb::delete_, .path = module_path(given), .if_match = "*"});
    if (given.form == output_form::table)
        fmt::print("deleted {} of {}\n", given.module, given.device);
    return exit_ok;
}

int connection_string(const module_options& given) {
    auto module = get(given);
    const auto key = keys_of(module).at(given.secondary ? "secondaryKey" : "primaryKey").as_string();
    const auto text = fmt::format("HostName={};DeviceId={};ModuleId={};SharedAccessKey={}", log_in_as_service(given.hub).host, given.device,
                                  given.module, key.c_str());
    static constexpr column column_of_text[] = {{"CONNECTION STRING", "/connectionString"}};
    print(given.form, text, column_of_text, json::object{{"connectionString", text}});
    return exit_ok;
}

// --- the options

struct module_builder {
    action& chosen;

    std::shared_ptr<module_options> fill(CLI::App& command, int (*perform)(const module_options&), output_form usual,
                                         bool of_one = true) const {
        const auto given = std::make_shared<module_options>();
        given->form = usual;
        command.add_option("-d,--device-id", given->device, "the device")->required()->type_name("ID");
        if (of_one)
            command.add_option("-m,--module-id", given->module, "the module")->required()->type_name("ID");
        add_login_options(command, given->hub);
        add_output_option(command, given->form);
        command.callback([chosen = &chosen, perform, given] { *chosen = [perform, given] { return perform(*given); }; });
        return given;
    }
};

void add_managed_by(CLI::App& command, module_options& given) {
    command.add_option("--managed-by", given.managed_by, "who looks after it")->type_name("TEXT");
}

/// `connection-string show`, as az has it.
void add_module_connection_string(CLI::App& group, const module_builder& commands) {
    const char* help = "Print what a module client needs.";
    CLI::App* show = group.add_subcommand("connection-string", help)->add_subcommand("show", help);
    group.get_subcommand("connection-string")->require_subcommand(1);
    const auto given = commands.fill(*show, connection_string, output_form::text);
    show->add_option_function<std::string>(
            "--key-type,--kt", [given](const std::string& which) { given->secondary = which == "secondary"; },
            "which of the two keys [primary]")
        ->check(CLI::IsMember({"primary", "secondary"}))
        ->type_name("KEY");
}

void add_authentication(CLI::App& command, const std::shared_ptr<module_options>& given) {
    const auto choose = [given](const std::string& method) {
        given->authentication = method == "x509_ca" ? "certificateAuthority" : method == "x509_thumbprint" ? "selfSigned" : "sas";
    };
    command.add_option_function<std::string>("--auth-method,--am", choose, "how it signs in [shared_private_key]")
        ->check(CLI::IsMember({"shared_private_key", "x509_thumbprint", "x509_ca"}));
    command.add_option("--ptp,--primary-thumbprint", given->primary_thumbprint, "of its certificate")->type_name("HEX");
    command.add_option("--stp,--secondary-thumbprint", given->secondary_thumbprint, "of another that it may have")->type_name("HEX");
}

} // namespace

void add_module_identity(CLI::App& program, action& chosen) {
    CLI::App* group = program.add_subcommand("module-identity", "The modules of devices.");
    group->require_subcommand(1);
    const module_builder commands{chosen};
    CLI::App* creating = group->add_subcommand("create", "Register one; its keys are made.");
    const auto made = commands.fill(*creating, create, output_form::table);
    add_managed_by(*creating, *made);
    add_authentication(*creating, made);
    commands.fill(*group->add_subcommand("list", "List a device's."), list, output_form::table, false);
    commands.fill(*group->add_subcommand("show", "Show one, with its keys."), show, output_form::json);

    CLI::App* updating = group->add_subcommand("update", "Change what is given of one and leave the rest.");
    const auto updated = commands.fill(*updating, update, output_form::table);
    add_managed_by(*updating, *updated);
    updating->add_option("--set", updated->assignments, "any property of its JSON, as path=value; may be repeated")
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->take_all();

    CLI::App* renewing = group->add_subcommand("renew-key", "Give one a new key, or swap its two.");
    const auto renewed = commands.fill(*renewing, renew_key, output_form::table);
    renewing->add_option("--key-type,--kt", renewed->renewed, "which key")
        ->required()
        ->check(CLI::IsMember({"primary", "secondary", "swap"}))
        ->type_name("KEY");

    commands.fill(*group->add_subcommand("delete", "Remove one; its links end."), remove, output_form::table);
    add_module_connection_string(*group, commands);
}

} // namespace capstan::cli
