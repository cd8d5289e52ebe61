#include <memory>
#include <optional>

#include <fmt/format.h>

#include "cli/device_commands.hpp"
#include "cli/output.hpp"
#include "cli/wait_for.hpp"

namespace capstan::cli {
namespace {

using verb = boost::beast::http::verb;

struct dead_letter_options {
    hub_options hub;
    output_form form = output_form::table;
    std::string device;
    std::optional<std::uint64_t> number;
    bool all = false;
};

constexpr column peek_columns[] = {{"NUMBER", "/sequenceNumber"},
                                   {"MESSAGE ID", "/messageId"},
                                   {"STATE", "/state"},
                                   {"DELIVERIES", "/deliveryCount"},
                                   {"EXPIRES", "/expiryTimeUtc"}};
constexpr column dead_columns[] = {{"NUMBER", "/sequenceNumber"},
                                   {"MESSAGE ID", "/messageId"},
                                   {"REASON", "/reason"},
                                   {"DIED", "/deadLetteredTimeUtc"},
                                   {"DELIVERIES", "/deliveryCount"}};

std::string letters_path(const dead_letter_options& given) {
    const auto path = device_path(given.device) + "/deadletters";
    return given.number ? fmt::format("{}/{}", path, *given.number) : path;
}

int peek(const dead_letter_options& given) {
    print(given.form, peek_columns, ask_hub(log_in_as_service(given.hub), {.path = device_path(given.device) + "/commands"}));
    return exit_ok;
}

int list(const dead_letter_options& given) {
    print(given.form, dead_columns, ask_hub(log_in_as_service(given.hub), {.path = letters_path(given)}));
    return exit_ok;
}

int requeue(const dead_letter_options& given) {
    ask_hub(log_in_as_service(given.hub), {.method = verb::post, .path = letters_path(given) + "/requeue"});
    if (given.form == output_form::table)
        fmt::print("{} waits for {} again\n", *given.number, given.device);
    return exit_ok;
}

int remove(const dead_letter_options& given) {
    if (!given.number && !given.all)
        throw failed(exit_usage, "which one? Say --number N, or --all");
    const auto answer = ask_hub(log_in_as_service(given.hub), {.method = verb::delete_, .path = letters_path(given)});
    if (given.form == output_form::table)
        fmt::print("deleted {}\n", answer.at("totalMessagesDeleted").to_number<std::uint64_t>());
    return exit_ok;
}

CLI::App& add(CLI::App& to, action& chosen, const std::shared_ptr<dead_letter_options>& given, const char* name, const char* help,
              int (*perform)(const dead_letter_options&), bool of_one = false) {
    CLI::App* command = to.add_subcommand(name, help);
    if (of_one)
        command->add_option("-n,--number", given->number, "its number")->type_name("N");
    command->add_option("-d,--device-id", given->device, "the device")->required()->type_name("ID");
    add_login_options(*command, given->hub);
    add_output_option(*command, given->form);
    command->callback([&chosen, perform, given] { chosen = [perform, given] { return perform(*given); }; });
    return *command;
}

} // namespace

void add_dead_letters(CLI::App& c2d_message, action& chosen) {
    const auto given = std::make_shared<dead_letter_options>();
    add(c2d_message, chosen, given, "peek", "Show what waits for a device, without taking it.", peek);
    CLI::App* group = c2d_message.add_subcommand("deadletter", "Messages that were rejected, expired, or delivered too often.");
    group->require_subcommand(1);
    add(*group, chosen, given, "list", "List a device's.", list);
    add(*group, chosen, given, "requeue", "Send one again.", requeue, true).get_option("--number")->required();
    CLI::App& removal = add(*group, chosen, given, "delete", "Throw one away, or all.", remove, true);
    removal.add_flag("--all", given->all, "all of them")->excludes(removal.get_option("--number"));
}

} // namespace capstan::cli
