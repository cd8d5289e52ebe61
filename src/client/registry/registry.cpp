#include <capstan/registry.hpp>

#include "client/registry/device_json.hpp"
#include "client/registry/paths.hpp"
#include "client/registry/registry_session.hpp"

namespace capstan {
namespace {

namespace json = boost::json;
using boost::beast::http::verb;
using client::if_match, client::path_of, client::rest_request;

const auto as_device = [](client::completion<device>& then, const json::value& body) { then.succeed(client::device_json::read(body)); };

std::uint64_t number(const json::value& of, std::string_view name) {
    const auto* found = of.is_object() ? of.as_object().if_contains(name) : nullptr;
    return found && found->is_int64() && found->as_int64() > 0 ? static_cast<std::uint64_t>(found->as_int64()) : 0;
}

} // namespace

registry::registry(asio::any_io_executor executor, std::string_view connection_string, const client_options& options)
    : registry(std::move(executor), service_identity(connection_string), options) {}
registry::registry(asio::any_io_executor executor, service_identity who, const client_options& options)
    : session_(std::make_shared<client::registry_session>(std::move(executor), std::move(who), options)) {}

void registry::create(const session& in, const device& what, detail::handler<device> then) {
    rest_request asked;
    asked.method = verb::put;
    asked.path = path_of(what.id());
    asked.body = client::device_json::write(what);
    in->ask<device>(std::move(asked), std::move(then), as_device);
}

void registry::get(const session& in, const std::string& id, detail::handler<device> then) {
    rest_request asked;
    asked.path = path_of(id);
    in->ask<device>(std::move(asked), std::move(then), as_device);
}

void registry::update(const session& in, const device& what, detail::handler<device> then) {
    rest_request asked;
    asked.method = verb::put;
    asked.path = path_of(what.id());
    asked.if_match = if_match(what.etag());
    asked.body = client::device_json::write(what);
    in->ask<device>(std::move(asked), std::move(then), as_device);
}

void registry::remove(const session& in, const std::string& id, const std::string& etag, detail::handler<> then) {
    rest_request asked;
    asked.method = verb::delete_;
    asked.path = path_of(id);
    asked.if_match = if_match(etag);
    in->ask<>(std::move(asked), std::move(then), [](client::completion<>& done, const json::value&) { done.succeed(); });
}

void registry::list(const session& in, const std::string& after, std::size_t at_most, detail::handler<std::vector<device>> then) {
    rest_request asked;
    asked.path = "/devices";
    asked.query = "&top=" + std::to_string(at_most) + (after.empty() ? "" : "&after=" + auth::percent_encode(after));
    in->ask<std::vector<device>>(std::move(asked), std::move(then),
                                 [](client::completion<std::vector<device>>& done, const json::value& body) {
                                     std::vector<device> found;
                                     if (body.is_array())
                                         for (const auto& each : body.as_array())
                                             found.push_back(client::device_json::read(each));
                                     done.succeed(std::move(found));
                                 });
}

void registry::statistics(const session& in, detail::handler<registry_statistics> then) {
    rest_request asked;
    asked.path = "/statistics/devices";
    in->ask<registry_statistics>(std::move(asked), std::move(then),
                                 [](client::completion<registry_statistics>& done, const json::value& body) {
                                     registry_statistics found;
                                     found.total = number(body, "totalDeviceCount");
                                     found.enabled = number(body, "enabledDeviceCount");
                                     found.disabled = number(body, "disabledDeviceCount");
                                     done.succeed(found);
                                 });
}

void registry::purge(const session& in, const std::string& id, detail::handler<std::size_t> then) {
    rest_request asked;
    asked.method = verb::delete_;
    asked.path = path_of(id) + "/commands";
    in->ask<std::size_t>(std::move(asked), std::move(then), [](client::completion<std::size_t>& done, const json::value& body) {
        done.succeed(number(body, "totalMessagesPurged"));
    });
}

} // namespace capstan
