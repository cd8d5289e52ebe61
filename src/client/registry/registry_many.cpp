// Many devices at once: queries, page by page, and changes in bulk. contract/rest.md, sections 3 and 5.

#include <capstan/registry.hpp>

#include "client/registry/device_json.hpp"
#include "client/registry/registry_session.hpp"

namespace capstan {
namespace {

namespace json = boost::json;
using boost::beast::http::verb;
using client::completion;
using client::text_at;

constexpr const char* query_page_max = "1000"; ///< contract/rest.md, section 5

void read_page(completion<query_page>& done, const client::rest_answer& answer) {
    boost::system::error_code error;
    const auto rows = json::parse(answer.body(), error);
    if (error || !rows.is_array())
        return done.fail(client_error(errc::invalid_argument, "what answers is not a hub: its answer to a query is no list"));
    query_page page;
    for (const auto& each : rows.as_array())
        page.rows.push_back(json::serialize(each));
    page.continuation = std::string(answer["x-ms-continuation"]);
    done.succeed(std::move(page));
}

const char* name_of(bulk_mode how) {
    switch (how) {
    case bulk_mode::create: return "create";
    case bulk_mode::create_or_update: return "createOrUpdate";
    case bulk_mode::update: return "update";
    case bulk_mode::update_if_match: return "updateIfMatchETag";
    case bulk_mode::remove: return "delete";
    case bulk_mode::remove_if_match: return "deleteIfMatchETag";
    }
    return "";
}

json::object entry_of(bulk_mode how, const device& what) {
    auto entry = client::device_json::write(what);
    entry.erase("deviceId");
    entry["id"] = what.id();
    entry["importMode"] = name_of(how);
    if (!what.etag().empty())
        entry["eTag"] = what.etag();
    return entry;
}

/// Who has refused some still says which, with status 400; who refuses the whole request has no list.
void read_refusals(completion<std::vector<bulk_refusal>>& done, const json::value& body) {
    const auto* listed = body.is_object() ? body.as_object().if_contains("errors") : nullptr;
    if (!listed || !listed->is_array())
        return done.fail(client::rest_failure(400, json::serialize(body)));
    std::vector<bulk_refusal> refused;
    for (const auto& each : listed->as_array()) {
        bulk_refusal one;
        one.device_id = text_at(each, "deviceId");
        one.condition = text_at(each, "errorCode");
        one.description = text_at(each, "errorStatus");
        refused.push_back(std::move(one));
    }
    done.succeed(std::move(refused));
}

} // namespace

void registry::ask(const session& in, const std::string& query, const std::string& from, detail::handler<query_page> then) {
    client::rest_request asked;
    asked.method = verb::post;
    asked.path = "/devices/query";
    asked.body = json::object{{"query", query}};
    asked.only_reads = true;
    asked.headers.emplace_back("x-ms-max-item-count", query_page_max);
    if (!from.empty())
        asked.headers.emplace_back("x-ms-continuation", from);
    in->ask_whole<query_page>(std::move(asked), std::move(then), read_page);
}

void registry::bulk(const session& in, bulk_mode how, const std::vector<device>& devices, detail::handler<std::vector<bulk_refusal>> then) {
    json::array entries;
    for (const auto& each : devices)
        entries.push_back(entry_of(how, each));
    client::rest_request asked;
    asked.method = verb::post;
    asked.path = "/devices";
    asked.body = std::move(entries);
    asked.also_success = 400;
    in->ask<std::vector<bulk_refusal>>(std::move(asked), std::move(then), read_refusals);
}

} // namespace capstan
