// /devices/{id}/modules: contract/rest.md, section 3.

#include "http/ask.hpp"
#include "http/live_state.hpp"
#include "http/resources.hpp"
#include "http/status.hpp"
#include "hub/registry/device_json.hpp"

namespace capstan::http {
namespace {

using registered = std::expected<store::device, hub::registry_refusal>;

std::string key_of(const request& asked) { return asked.holder(); }

boost::json::object module_body(hub::hub& hub, const store::device& module) {
    return hub::module_to_json(module, live_state_of(hub, module.id));
}

answer module_answer(const context& in, const store::device& module) {
    answer result;
    result.body = module_body(in.hub, module);
    result.headers.emplace_back("ETag", '"' + module.etag + '"');
    return result;
}

/// Node's client tells a device that is not there from a module that is not there by the error's name.
answer refused(const context& in, const request& asked, const hub::registry_refusal& why) {
    using reason = hub::registry_refusal::reason;
    const auto now = in.hub.clock().now();
    if (!in.hub.registry().find(asked.path[1]))
        return error_answer(errc::device_not_found, asked.path[1], now);
    if (why.why == reason::not_found)
        return error_answer(errc::module_not_found, key_of(asked), now);
    if (why.why == reason::already_exists)
        return error_answer(errc::module_already_exists, key_of(asked), now);
    return error_answer(why, now);
}

hub::registry_refusal not_found(const request& asked) { return {hub::registry_refusal::reason::not_found, asked.path[3]}; }

} // namespace

asio::awaitable<answer> list_modules(context& in, const request& asked) {
    if (!in.hub.registry().find(asked.path[1]))
        co_return error_answer(errc::device_not_found, asked.path[1], in.hub.clock().now());
    boost::json::array modules;
    for (const auto& each : in.hub.registry().list_modules(asked.path[1]))
        modules.push_back(module_body(in.hub, each));
    answer result;
    result.body = std::move(modules);
    co_return result;
}

asio::awaitable<answer> get_module(context& in, const request& asked) {
    const auto module = in.hub.registry().find(key_of(asked));
    co_return module ? module_answer(in, *module) : refused(in, asked, not_found(asked));
}

asio::awaitable<answer> put_module(context& in, const request& asked) {
    boost::system::error_code error;
    const auto body = boost::json::parse(asked.body, error);
    if (error)
        co_return error_answer(errc::invalid_format, "The body is not JSON.", in.hub.clock().now());
    if (!hub::valid_device_id(asked.path[3]))
        co_return error_answer(errc::argument_invalid, hub::not_a_device_id(asked.path[3]), in.hub.clock().now());
    const auto when = hub::registry::parse_if_match(asked.if_match);
    auto start = [&](auto done) { in.hub.registry().put(key_of(asked), body, when, in.home, std::move(done)); };
    const auto stored = co_await ask<registered>(start);
    co_return stored ? module_answer(in, *stored) : refused(in, asked, stored.error());
}

asio::awaitable<answer> delete_module(context& in, const request& asked) {
    const auto when = hub::registry::parse_if_match(asked.if_match);
    auto start = [&](auto done) { in.hub.registry().remove(key_of(asked), when, in.home, std::move(done)); };
    const auto removed = co_await ask<registered>(start);
    if (!removed)
        co_return refused(in, asked, removed.error());
    answer result;
    result.status = status::no_content;
    co_return result;
}

} // namespace capstan::http
