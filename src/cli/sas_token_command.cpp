#include <memory>

#include <fmt/format.h>

#include "auth/connection_string.hpp"
#include "auth/sas_token.hpp"
#include "cli/commands.hpp"
#include "cli/failed.hpp"
#include "cli/output.hpp"
#include "cli/wait_for.hpp"

namespace capstan::cli {
namespace {

struct sas_token_options {
    hub_options hub;
    std::string device;
    std::uint32_t duration = 3600; ///< s
    bool secondary = false;
    output_form form = output_form::text;
};

/// With the key that the hub has for the device.
std::string device_token(const hub_login& hub, const sas_token_options& given, wall_time expires) {
    const auto device = ask_hub(hub, {.path = device_path(given.device)});
    const auto& authentication = device.at("authentication");
    if (authentication.at("type").as_string() != "sas")
        throw failed(exit_usage, fmt::format("{} has no key: it signs in by certificate", given.device));
    const auto key = authentication.at("symmetricKey").at(given.secondary ? "secondaryKey" : "primaryKey").as_string();
    return auth::make_sas_token(fmt::format("{}/devices/{}", hub.host, given.device), key.c_str(), "", expires);
}

std::string own_token(const hub_login& hub, wall_time expires) {
    const auto own = value_or_fail(auth::parse_hub_connection_string(hub.connection_string));
    const auto resource = hub.device_id.empty() ? hub.host : fmt::format("{}/devices/{}", hub.host, hub.device_id);
    return auth::make_sas_token(resource, own.key, own.policy, expires);
}

int generate(const sas_token_options& given) {
    const auto hub = given.device.empty() ? log_in(given.hub) : log_in_as_service(given.hub);
    const auto expires = system_wall_clock().now() + std::chrono::seconds(given.duration);
    const auto token = given.device.empty() ? own_token(hub, expires) : device_token(hub, given, expires);
    static constexpr column columns[] = {{"SAS", "/sas"}};
    print(given.form, token, columns, boost::json::object{{"sas", token}});
    return exit_ok;
}

} // namespace

void add_generate_sas_token(CLI::App& program, action& chosen) {
    CLI::App* command = program.add_subcommand("generate-sas-token", "Print a shared access signature.");
    auto given = std::make_shared<sas_token_options>();
    add_login_options(*command, given->hub);
    command->add_option("-d,--device-id", given->device, "for this device, with its own key [for the login's policy or device]")
        ->type_name("ID");
    command->add_option("--policy-name,--pn", given->hub.policy, "the policy of a hub on this machine [iothubowner]")
        ->type_name("NAME")
        ->excludes(command->get_option("--login"));
    command->add_option("--duration,--du", given->duration, "how long it is good for, in seconds [3600]")
        ->check(CLI::Range(1, 365 * 24 * 3600))
        ->type_name("S");
    command
        ->add_option_function<std::string>(
            "--key-type,--kt", [given](const std::string& which) { given->secondary = given->hub.secondary_key = which == "secondary"; },
            "which of the two keys [primary]; with --login its own")
        ->check(CLI::IsMember({"primary", "secondary"}))
        ->type_name("KEY");
    add_output_option(*command, given->form);
    command->callback([&chosen, given] { chosen = [given] { return generate(*given); }; });
}

} // namespace capstan::cli
