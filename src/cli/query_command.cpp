// `capstan query`: the hub's query language over devices and modules, page by page.
#include <memory>
#include <optional>

#include "cli/bulk_registry.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/wait_for.hpp"

namespace capstan::cli {
namespace {

namespace json = boost::json;

struct query_options {
    hub_options hub;
    std::string query;
    std::optional<std::size_t> top;
    output_form form = output_form::json;
};

int query(const query_options& given) {
    static constexpr column columns[] = {
        {"DEVICE", "/deviceId"}, {"MODULE", "/moduleId"}, {"STATUS", "/status"}, {"CONNECTION", "/connectionState"}};
    const auto hub = log_in_as_service(given.hub);
    json::array found;
    std::string from;
    do {
        const auto left = given.top.value_or(found.size() + max_query_page) - found.size();
        for (auto& each : query_page(hub, given.query, std::min(left, max_query_page), from))
            found.push_back(std::move(each));
    } while (!from.empty() && found.size() < given.top.value_or(found.size() + 1));
    print(given.form, columns, found);
    return exit_ok;
}

} // namespace

void add_query(CLI::App& program, action& chosen) {
    CLI::App* command = program.add_subcommand("query", "Ask for devices and modules in the hub's query language.");
    const auto given = std::make_shared<query_options>();
    add_login_options(*command, given->hub);
    add_output_option(*command, given->form);
    command->add_option("-q,--query-command,query", given->query, "what to ask")->required()->type_name("QUERY");
    command->add_option("--top", given->top, "at most so many [all]")->check(CLI::PositiveNumber)->type_name("N");
    command->footer("Examples:\n"
                    "  capstan query --hub ./hub \"SELECT * FROM devices WHERE status = 'disabled'\"\n"
                    "  capstan query --hub ./hub \"SELECT deviceId FROM devices.modules\" -o jsonl");
    command->callback([&chosen, given] { chosen = [given] { return query(*given); }; });
}

} // namespace capstan::cli
