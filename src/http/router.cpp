#include "http/router.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>

#include <fmt/ranges.h>

#include "auth/ascii.hpp"
#include "auth/percent.hpp"
#include "http/status.hpp"
#include "hub/access.hpp"

namespace capstan::http {
namespace {

/// monitoring: as registry_read; no api-version has to be given, which monitoring systems do not know of.
enum class right : std::uint8_t { none, monitoring, registry_read, registry_write, service, device };

struct row {
    verb method;
    std::string_view path; ///< "{id}" stands for a device's id, "{lock}" and others for any text
    right needed;
    handler serve;
    std::optional<hub::operation> metered = std::nullopt;
};

constexpr std::string_view device_id = "{id}";

constexpr auto identity = hub::operation::registry;

/// Paths are compared without case, a trailing slash does not count (contract/rest.md, section 1).
constexpr row table[] = {
    {verb::get, "/devices", right::registry_read, list_devices, identity},
    {verb::post, "/devices", right::registry_write, post_devices, identity},
    {verb::post, "/devices/query", right::service, query_devices, hub::operation::query},
    {verb::get, "/devices/{id}", right::registry_read, get_device, identity},
    {verb::put, "/devices/{id}", right::registry_write, put_device, identity},
    {verb::delete_, "/devices/{id}", right::registry_write, delete_device, identity},
    {verb::delete_, "/devices/{id}/commands", right::service, purge_commands},
    {verb::get, "/devices/{id}/commands", right::service, peek_commands},
    {verb::get, "/devices/{id}/deadletters", right::service, get_dead_letters},
    {verb::delete_, "/devices/{id}/deadletters", right::service, delete_dead_letters},
    {verb::delete_, "/devices/{id}/deadletters/{number}", right::service, delete_dead_letters},
    {verb::post, "/devices/{id}/deadletters/{number}/requeue", right::service, requeue_dead_letter},
    {verb::delete_, "/devices/{id}/modules/{module}/commands", right::service, purge_commands},
    {verb::get, "/devices/{id}/modules/{module}/commands", right::service, peek_commands},
    {verb::get, "/devices/{id}/modules/{module}/deadletters", right::service, get_dead_letters},
    {verb::delete_, "/devices/{id}/modules/{module}/deadletters", right::service, delete_dead_letters},
    {verb::delete_, "/devices/{id}/modules/{module}/deadletters/{number}", right::service, delete_dead_letters},
    {verb::post, "/devices/{id}/modules/{module}/deadletters/{number}/requeue", right::service, requeue_dead_letter},
    {verb::get, "/devices/{id}/messages/devicebound", right::device, receive_command, hub::operation::command_receive},
    {verb::post, "/devices/{id}/messages/devicebound", right::service, send_command, hub::operation::command_send},
    {verb::post, "/devices/{id}/modules/{module}/messages/devicebound", right::service, send_command, hub::operation::command_send},
    {verb::delete_, "/devices/{id}/messages/devicebound/{lock}", right::device, settle_command},
    {verb::post, "/devices/{id}/messages/devicebound/{lock}/abandon", right::device, abandon_command},
    {verb::get, "/devices/{id}/modules/{module}/messages/devicebound", right::device, receive_command, hub::operation::command_receive},
    {verb::delete_, "/devices/{id}/modules/{module}/messages/devicebound/{lock}", right::device, settle_command},
    {verb::post, "/devices/{id}/modules/{module}/messages/devicebound/{lock}/abandon", right::device, abandon_command},
    {verb::post, "/devices/{id}/messages/events", right::device, post_telemetry, hub::operation::telemetry},
    {verb::post, "/devices/{id}/modules/{module}/messages/events", right::device, post_telemetry, hub::operation::telemetry},
    {verb::get, "/devices/{id}/modules", right::registry_read, list_modules, identity},
    {verb::get, "/devices/{id}/modules/{module}", right::registry_read, get_module, identity},
    {verb::put, "/devices/{id}/modules/{module}", right::registry_write, put_module, identity},
    {verb::delete_, "/devices/{id}/modules/{module}", right::registry_write, delete_module, identity},
    {verb::get, "/messages/servicebound/feedback", right::service, receive_feedback},
    {verb::delete_, "/messages/servicebound/feedback/{lock}", right::service, complete_feedback},
    {verb::post, "/messages/servicebound/feedback/{lock}/abandon", right::service, abandon_feedback},
    {verb::get, "/consumergroups", right::registry_read, list_consumer_groups},
    {verb::put, "/consumergroups/{name}", right::registry_write, put_consumer_group},
    {verb::delete_, "/consumergroups/{name}", right::registry_write, delete_consumer_group},
    {verb::post, "/jobs/create", right::registry_write, create_job},
    {verb::get, "/jobs", right::registry_write, list_jobs},
    {verb::get, "/jobs/{job}", right::registry_write, get_job},
    {verb::delete_, "/jobs/{job}", right::registry_write, cancel_job},
    {verb::get, "/certificates", right::registry_read, list_certificates},
    {verb::get, "/certificates/{name}", right::registry_read, get_certificate},
    {verb::put, "/certificates/{name}", right::registry_write, put_certificate},
    {verb::delete_, "/certificates/{name}", right::registry_write, delete_certificate},
    {verb::post, "/certificates/{name}/generateverificationcode", right::registry_write, generate_verification_code},
    {verb::post, "/certificates/{name}/verify", right::registry_write, verify_certificate},
    {verb::get, "/statistics/devices", right::registry_read, get_device_statistics, identity},
    {verb::get, "/statistics/service", right::registry_read, get_service_statistics, identity},
    {verb::get, "/statistics/routing", right::registry_read, get_routing_statistics},
    {verb::get, "/metrics", right::monitoring, get_metrics},
    {verb::get, "/livez", right::none, get_liveness},
    {verb::get, "/readyz", right::none, get_readiness},
    {verb::get, "/health", right::none, get_readiness},
    {verb::get, "/healthz", right::none, get_readiness},
};

bool matches(std::string_view pattern, const std::vector<std::string>& path) {
    for (const auto& segment : path) {
        if (pattern.empty())
            return false;
        pattern.remove_prefix(1);
        const auto word = pattern.substr(0, pattern.find('/'));
        pattern.remove_prefix(word.size());
        if (!word.starts_with('{') && !auth::equal_ignoring_case(word, segment))
            return false;
    }
    return pattern.empty();
}

/// YYYY-MM-DD, optionally with "-preview".
bool valid_version(std::string_view text) {
    if (text.ends_with("-preview"))
        text.remove_suffix(8);
    constexpr std::string_view shape = "dddd-dd-dd";
    return text.size() == shape.size() &&
           std::ranges::equal(text, shape, [](unsigned char c, char as) { return as == 'd' ? std::isdigit(c) != 0 : c == as; });
}

bool allowed(const hub::access& rules, const hub::principal& who, right needed, const std::string& path) {
    switch (needed) {
    case right::none: return true;
    case right::monitoring:
    case right::registry_read: return rules.may_read_registry(who, path);
    case right::registry_write: return rules.may_write_registry(who, path);
    case right::service: return rules.may_use_service(who, path);
    case right::device: break;
    }
    return false;
}

/// A device that does not exist is refused as one whose key is wrong is (contract/rest.md, section 10).
bool allowed(const hub::access& rules, const hub::principal& who, const request& asked, right needed) {
    const auto path = fmt::format("/{}", fmt::join(asked.path, "/"));
    if (needed != right::device)
        return allowed(rules, who, needed, path);
    const auto device = rules.find_device(asked.path[1]);
    if (asked.names_module() && !rules.find_module(asked.path[1], asked.path[3]))
        return false;
    return device && rules.may_act_as_device(who, *device, path);
}

/// What the log is told of who may not do this; none when it may be done.
std::optional<std::string> objection(const hub::access& rules, const request& asked, right needed) {
    if (asked.certificate && needed == right::device) {
        const auto device = rules.find_device(asked.path[1]);
        const auto module = asked.names_module() ? rules.find_module(asked.path[1], asked.path[3]) : std::nullopt;
        const auto* holder = module ? &*module : device && !asked.names_module() ? &*device : nullptr;
        return device && device->enabled && holder && rules.is_still_certificate_of(*asked.certificate, *holder)
                   ? std::nullopt
                   : std::optional("not the device's certificate");
    }
    const auto who = rules.check_token(asked.authorization);
    if (!who)
        return who.error().text;
    return allowed(rules, *who, asked, needed) ? std::nullopt : std::optional("no right");
}

/// None when the request may be served by this row.
std::optional<answer> refusal(const context& in, const request& asked, const row& by) {
    if (by.needed == right::none)
        return std::nullopt;
    const auto now = in.hub.clock().now();
    if (by.needed != right::monitoring && !valid_version(asked.parameter("api-version").value_or("")))
        return error_answer(errc::invalid_protocol_version, "api-version must be a date such as 2021-04-12.", now);
    if (const auto why = objection(in.hub.access(), asked, by.needed)) {
        auto refused = error_answer(errc::unauthorized, "Unauthorized", now);
        refused.refused->reason = *why;
        return refused;
    }
    if (by.path.find(device_id) != by.path.npos && !hub::valid_device_id(asked.path[1]))
        return error_answer(errc::argument_invalid, hub::not_a_device_id(asked.path[1]), now);
    return std::nullopt;
}

/// An error has to say what would have been allowed (RFC 9110, 15.5.6).
answer method_not_allowed(const std::vector<std::string>& path, wall_time now) {
    auto result = error_answer(errc::method_not_allowed, "The method is not allowed at this path.", now);
    std::vector<std::string_view> methods;
    for (const auto& each : table)
        if (matches(each.path, path))
            methods.push_back(to_string(each.method));
    result.headers.emplace_back("Allow", fmt::format("{}", fmt::join(methods, ", ")));
    return result;
}

} // namespace

std::expected<resource, answer> find_resource(const context& in, const request& asked) {
    const auto now = in.hub.clock().now();
    const auto fits = [&](const row& each) { return matches(each.path, asked.path); };
    if (std::ranges::none_of(table, fits))
        return std::unexpected(error_answer(errc::path_not_found, "There is nothing at this path.", now));
    const auto found = std::ranges::find_if(table, [&](const row& each) { return each.method == asked.method && fits(each); });
    if (found == std::end(table))
        return std::unexpected(method_not_allowed(asked.path, now));
    if (auto refused = refusal(in, asked, *found))
        return std::unexpected(*std::move(refused));
    if (asked.head && found->needed == right::device) // what a GET takes away would be lost
        return std::unexpected(method_not_allowed(asked.path, now));
    return resource{found->serve, found->method == verb::post, found->needed == right::none, found->metered};
}

std::vector<known_path> known_paths() {
    std::vector<known_path> all;
    for (const auto& each : table)
        all.push_back({each.method, each.path});
    return all;
}

std::optional<std::string_view> request::parameter(std::string_view name) const {
    const auto found = std::ranges::find(query, name, &std::pair<std::string, std::string>::first);
    return found == query.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

std::string_view request::header(std::string_view name) const {
    const auto found = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

bool request::names_module() const { return path.size() > 3 && auth::equal_ignoring_case(path[2], "modules"); }

std::string request::holder() const { return names_module() ? store::module_key(path[1], path[3]) : path.at(1); }

void parse_target(std::string_view target, request& into) {
    const auto mark = target.find('?');
    auto path = target.substr(0, mark);
    auto query = mark == target.npos ? std::string_view() : target.substr(mark + 1);
    const auto take = [](std::string_view& from, char separator) {
        const auto piece = from.substr(0, from.find(separator));
        from.remove_prefix(std::min(from.size(), piece.size() + 1));
        return piece;
    };
    // The target is bounded by the limit on a request's header.
    while (!path.empty()) {
        const auto segment = take(path, '/');
        if (segment.empty())
            continue;
        into.path.push_back(auth::percent_decode(segment));
    }
    while (!query.empty()) {
        auto pair = take(query, '&');
        auto name = auth::percent_decode(take(pair, '='));
        into.query.emplace_back(std::move(name), auth::percent_decode(pair));
    }
}

} // namespace capstan::http
