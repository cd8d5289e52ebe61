#include <capstan/registry.hpp>

#include "client/registry/device_json.hpp"
#include "client/registry/paths.hpp"
#include "client/registry/registry_session.hpp"

namespace capstan {
namespace {

using boost::beast::http::verb;

const auto as_module = [](client::completion<device_module>& then, const boost::json::value& body) {
    then.succeed(client::device_json::read_module(body));
};

client::rest_request put(const device_module& what) {
    client::rest_request asked;
    asked.method = verb::put;
    asked.path = client::path_of(what.device_id(), what.id());
    asked.body = client::device_json::write(what);
    return asked;
}

} // namespace

void registry::create(const session& in, const device_module& what, detail::handler<device_module> then) {
    in->ask<device_module>(put(what), std::move(then), as_module);
}

void registry::get(const session& in, const std::string& device_id, const std::string& id, detail::handler<device_module> then) {
    client::rest_request asked;
    asked.path = client::path_of(device_id, id);
    in->ask<device_module>(std::move(asked), std::move(then), as_module);
}

void registry::update(const session& in, const device_module& what, detail::handler<device_module> then) {
    auto asked = put(what);
    asked.if_match = client::if_match(what.etag());
    in->ask<device_module>(std::move(asked), std::move(then), as_module);
}

void registry::remove(const session& in, const std::string& device_id, const std::string& id, const std::string& etag,
                      detail::handler<> then) {
    client::rest_request asked;
    asked.method = verb::delete_;
    asked.path = client::path_of(device_id, id);
    asked.if_match = client::if_match(etag);
    in->ask<>(std::move(asked), std::move(then), [](client::completion<>& done, const boost::json::value&) { done.succeed(); });
}

void registry::list_modules(const session& in, const std::string& device_id, detail::handler<std::vector<device_module>> then) {
    client::rest_request asked;
    asked.path = client::path_of(device_id) + "/modules";
    auto read = [](client::completion<std::vector<device_module>>& done, const boost::json::value& body) {
        std::vector<device_module> found;
        if (body.is_array())
            for (const auto& each : body.as_array())
                found.push_back(client::device_json::read_module(each));
        done.succeed(std::move(found));
    };
    in->ask<std::vector<device_module>>(std::move(asked), std::move(then), std::move(read));
}

} // namespace capstan
