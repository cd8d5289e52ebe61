#include <memory>
#include <optional>

#include <fmt/format.h>

#include "auth/connection_string.hpp"
#include "auth/percent.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/wait_for.hpp"

namespace capstan::cli {
namespace {

namespace json = boost::json;
using verb = boost::beast::http::verb;

struct options {
    hub_options hub;
    output_form form = output_form::table;
    std::string device, module;
    std::optional<std::string> managed_by;
    std::string authentication = "sas"; ///< its type
    std::optional<std::string> primary_thumbprint, secondary_thumbprint;
};

constexpr column columns[] = {{"MODULE", "/moduleId"},
                              {"DEVICE", "/deviceId"},
                              {"CONNECTION", "/connectionState"},
                              {"AUTHENTICATION", "/authentication/type"},
                              {"MANAGED BY", "/managedBy"}};

std::string modules_path(const options& given) { return device_path(given.device) + "/modules"; }
std::string module_path(const options& given) { return modules_path(given) + '/' + auth::percent_encode(given.module); }

json::value ask(const options& given, client::rest_request request) { return ask_hub(log_in_as_service(given.hub), std::move(request)); }

int create(const options& given) {
    json::object authentication{{"type", given.authentication}};
    if (given.primary_thumbprint)
        authentication["x509Thumbprint"] = {{"primaryThumbprint", *given.primary_thumbprint},
                                            {"secondaryThumbprint", given.secondary_thumbprint.value_or(*given.primary_thumbprint)}};
    json::object body{{"deviceId", given.device}, {"moduleId", given.module}, {"authentication", std::move(authentication)}};
    if (given.managed_by)
        body["managedBy"] = *given.managed_by;
    print(given.form, columns, ask(given, {.method = verb::put, .path = module_path(given), .body = std::move(body)}));
    return exit_ok;
}

int list(const options& given) {
    print(given.form, columns, ask(given, {.path = modules_path(given)}));
    return exit_ok;
}

int show(const options& given) {
    fmt::print("{}", pretty_json(ask(given, {.path = module_path(given)})));
    return exit_ok;
}

int remove(const options& given) {
    ask(given, {.method = verb::delete_, .path = module_path(given), .if_match = "*"});
    if (given.form == output_form::table)
        fmt::print("deleted {} of {}\n", given.module, given.device);
    return exit_ok;
}

int connection_string(const options& given) {
    const auto module = ask(given, {.path = module_path(given)});
    const auto& keys = module.at("authentication").at("symmetricKey");
    fmt::print("HostName={};DeviceId={};ModuleId={};SharedAccessKey={}\n", log_in_as_service(given.hub).host, given.device, given.module,
               keys.at("primaryKey").as_string().c_str());
    return exit_ok;
}

} // namespace

void add_module_identity(CLI::App& program, action& chosen) {
    CLI::App* group = program.add_subcommand("module-identity", "The modules of devices.");
    group->require_subcommand(1);
    const auto given = std::make_shared<options>();
    const auto add = [&](const char* name, const char* help, int (*perform)(const options&), bool of_one) -> CLI::App& {
        CLI::App* command = group->add_subcommand(name, help);
        command->add_option("-d,--device-id", given->device, "the device")->required()->type_name("ID");
        if (of_one)
            command->add_option("-m,--module-id", given->module, "the module")->required()->type_name("ID");
        add_login_options(*command, given->hub);
        add_output_option(*command, given->form);
        command->callback([&chosen, perform, given] { chosen = [perform, given] { return perform(*given); }; });
        return *command;
    };
    auto& made = add("create", "Register one; its keys are made.", create, true);
    made.add_option("--managed-by", given->managed_by, "who looks after it")->type_name("TEXT");
    const auto choose = [given](const std::string& method) {
        given->authentication = method == "x509_ca" ? "certificateAuthority" : method == "x509_thumbprint" ? "selfSigned" : "sas";
    };
    made.add_option_function<std::string>("--auth-method,--am", choose, "how it signs in [shared_private_key]")
        ->check(CLI::IsMember({"shared_private_key", "x509_thumbprint", "x509_ca"}));
    made.add_option("--ptp,--primary-thumbprint", given->primary_thumbprint, "of its certificate")->type_name("HEX");
    made.add_option("--stp,--secondary-thumbprint", given->secondary_thumbprint, "of another that it may have")->type_name("HEX");
    add("list", "List a device's.", list, false);
    add("show", "Show one, with its keys.", show, true);
    add("delete", "Remove one; its links end.", remove, true);
    add("connection-string", "Print what a module client needs.", connection_string, true);
}

} // namespace capstan::cli
