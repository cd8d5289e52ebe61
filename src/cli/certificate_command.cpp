#include <memory>

#include <fmt/format.h>

#include "auth/base64.hpp"
#include "auth/percent.hpp"
#include "cli/commands.hpp"
#include "cli/failed.hpp"
#include "cli/output.hpp"
#include "cli/wait_for.hpp"
#include "server/files.hpp"

namespace capstan::cli {
namespace {

using verb = boost::beast::http::verb;
namespace json = boost::json;

struct certificate_options {
    hub_options hub;
    std::string name, file, etag;
    bool verified = false;
    output_form form = output_form::table;
};

const std::vector<column> columns = {{"NAME", "/name"},
                                     {"SUBJECT", "/properties/subject"},
                                     {"VERIFIED", "/properties/isVerified"},
                                     {"EXPIRY", "/properties/expiry"},
                                     {"VERIFICATION CODE", "/properties/verificationCode"}};

std::string path_of(const certificate_options& given, std::string_view action = "") {
    return fmt::format("/certificates/{}{}", auth::percent_encode(given.name), action);
}

json::value body_with_file(const certificate_options& given) {
    const auto content = server::read_whole_file(given.file);
    if (!content)
        throw failed(exit_usage, content.error());
    json::object properties{{"certificate", auth::to_base64(as_bytes(*content))}};
    if (given.verified)
        properties["isVerified"] = true;
    return json::object{{"properties", std::move(properties)}};
}

int ask_and_print(const certificate_options& given, client::rest_request asked) {
    asked.if_match = asked.if_match.empty() ? given.etag : asked.if_match;
    print(given.form, columns, ask_hub(log_in_as_service(given.hub), std::move(asked)));
    return exit_ok;
}

int create(const certificate_options& given) {
    return ask_and_print(given, {.method = verb::put, .path = path_of(given), .body = body_with_file(given)});
}

int update(const certificate_options& given) {
    return ask_and_print(
        given,
        {.method = verb::put, .path = path_of(given), .if_match = given.etag.empty() ? "*" : given.etag, .body = body_with_file(given)});
}

int list(const certificate_options& given) {
    auto all = ask_hub(log_in_as_service(given.hub), {.path = "/certificates"});
    print(given.form, columns, all.as_object().at("value"));
    return exit_ok;
}

int show(const certificate_options& given) { return ask_and_print(given, {.path = path_of(given)}); }

int generate_code(const certificate_options& given) {
    return ask_and_print(given, {.method = verb::post, .path = path_of(given, "/generateVerificationCode")});
}

int verify(const certificate_options& given) {
    return ask_and_print(given, {.method = verb::post, .path = path_of(given, "/verify"), .body = body_with_file(given)});
}

int remove(const certificate_options& given) {
    ask_hub(log_in_as_service(given.hub), {.method = verb::delete_, .path = path_of(given), .if_match = given.etag});
    if (given.form == output_form::table)
        fmt::print("deleted {}\n", given.name);
    return exit_ok;
}

} // namespace

void add_certificate(CLI::App& program, action& chosen) {
    CLI::App* group = program.add_subcommand("certificate", "Authorities whose signature devices' certificates may have.");
    group->require_subcommand(1);
    const auto given = std::make_shared<certificate_options>();
    const auto named = [&](CLI::App& command) {
        command.add_option("-n,--name,name", given->name, "the certificate's name at the hub")->required()->type_name("NAME");
        command.add_option("-e,--etag", given->etag, "only if it still has this etag")->type_name("ETAG");
    };
    const auto add = [&](const char* name, const char* help, int (*perform)(const certificate_options&), bool of_one = true) -> CLI::App& {
        CLI::App* command = group->add_subcommand(name, help);
        if (of_one)
            named(*command);
        add_login_options(*command, given->hub);
        add_output_option(*command, given->form);
        command->callback([&chosen, perform, given] { chosen = [perform, given] { return perform(*given); }; });
        return *command;
    };
    const auto from_file = [&](CLI::App& command, const char* help) -> CLI::App& {
        command.add_option("-p,--path", given->file, help)->required()->type_name("FILE");
        return command;
    };
    add("list", "List them.", list, false);
    add("show", "Show one.", show);
    auto& made = from_file(add("create", "Register one; 25 is the most.", create), "its file, PEM or DER");
    auto& changed = from_file(add("update", "Put another in place of one.", update), "its file, PEM or DER");
    for (auto* const command : {&made, &changed})
        command->add_flag("-v,--verified", given->verified, "it is trusted at once, without a proof");
    add("generate-verification-code", "Have a code made, for a proof that its key is yours.", generate_code);
    from_file(add("verify", "Prove it: devices with certificates of it may come from then on.", verify),
              "a certificate that it has signed, with the code as its common name");
    add("delete", "Remove one: connections that rest on it end.", remove);
    group->footer("The words are those of `az iot hub certificate`.");
}

} // namespace capstan::cli
