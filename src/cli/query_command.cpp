// `capstan query`: the hub's query language over devices and modules, page by page.
#include <memory>
#include <optional>

#include "cli/commands.hpp"
#include "cli/failed.hpp"
#include "cli/output.hpp"
#include "cli/wait_for.hpp"

namespace capstan::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t page_max = 1000; // contract/rest.md, section 5

struct options {
    hub_options hub;
    std::string query;
    std::optional<std::size_t> top;
    output_form form = output_form::json;
};

/// One page of what is left; `from` is the hub's word for where that begins, and becomes the next one.
json::array next_page(const hub_login& hub, const std::string& query, std::size_t at_most, std::string& from) {
    client::rest_request asked{.method = boost::beast::http::verb::post, .path = "/devices/query", .body = json::object{{"query", query}}};
    asked.headers.emplace_back("x-ms-max-item-count", std::to_string(at_most));
    if (!from.empty())
        asked.headers.emplace_back("x-ms-continuation", from);
    const auto answer = wait_for(client::send_request(service_identity(hub.connection_string), hub.options, std::move(asked)));
    from = std::string(answer["x-ms-continuation"]);
    boost::system::error_code error;
    auto page = json::parse(answer.body(), error);
    if (error || !page.is_array())
        throw failed(exit_refused, "the hub's answer to the query is no list");
    return std::move(page.as_array());
}

int query(const options& given) {
    static constexpr column columns[] = {
        {"DEVICE", "/deviceId"}, {"MODULE", "/moduleId"}, {"STATUS", "/status"}, {"CONNECTION", "/connectionState"}};
    const auto hub = log_in_as_service(given.hub);
    json::array found;
    std::string from;
    do {
        const auto left = given.top.value_or(found.size() + page_max) - found.size();
        for (auto& each : next_page(hub, given.query, std::min(left, page_max), from))
            found.push_back(std::move(each));
    } while (!from.empty() && found.size() < given.top.value_or(found.size() + 1));
    print(given.form, columns, found);
    return exit_ok;
}

} // namespace

void add_query(CLI::App& program, action& chosen) {
    CLI::App* command = program.add_subcommand("query", "Ask for devices and modules in the hub's query language.");
    const auto given = std::make_shared<options>();
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
