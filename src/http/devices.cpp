// /devices and /devices/{id}: contract/rest.md, section 3.

#include <charconv>

#include "http/ask.hpp"
#include "http/live_state.hpp"
#include "http/resources.hpp"
#include "http/status.hpp"
#include "hub/registry/device_json.hpp"

namespace capstan::http {
namespace {

using registered = std::expected<store::device, hub::registry_refusal>;

/// A device with what the hub knows of it now.
boost::json::object device_body(hub::hub& hub, const store::device& device) { return hub::to_json(device, live_state_of(hub, device.id)); }

answer device_answer(const context& in, const store::device& device) {
    answer result;
    result.body = device_body(in.hub, device);
    result.headers.emplace_back("ETag", '"' + device.etag + '"');
    return result;
}

} // namespace

asio::awaitable<answer> get_device(context& in, const request& asked) {
    const auto device = in.hub.registry().find(asked.path[1]);
    if (!device)
        co_return error_answer(errc::device_not_found, asked.path[1], in.hub.clock().now());
    co_return device_answer(in, *device);
}

asio::awaitable<answer> put_device(context& in, const request& asked) {
    boost::system::error_code error;
    const auto body = boost::json::parse(asked.body, error);
    if (error)
        co_return error_answer(errc::invalid_format, "The body is not JSON.", in.hub.clock().now());
    const auto when = hub::registry::parse_if_match(asked.if_match);
    auto start = [&](auto done) { in.hub.registry().put(asked.path[1], body, when, in.home, std::move(done)); };
    const auto stored = co_await ask<registered>(start);
    if (!stored)
        co_return error_answer(stored.error(), in.hub.clock().now());
    co_return device_answer(in, *stored);
}

asio::awaitable<answer> delete_device(context& in, const request& asked) {
    const auto when = hub::registry::parse_if_match(asked.if_match);
    auto start = [&](auto done) { in.hub.registry().remove(asked.path[1], when, in.home, std::move(done)); };
    const auto removed = co_await ask<registered>(start);
    if (!removed)
        co_return error_answer(removed.error(), in.hub.clock().now());
    answer result;
    result.status = status::no_content;
    co_return result;
}

/// By their ids. `after`, which is Capstan's own, makes it possible to see all of more than 1000.
asio::awaitable<answer> list_devices(context& in, const request& asked) {
    // N outside 1..1000 counts as 1000.
    std::size_t top = 1000;
    if (const auto given = asked.parameter("top")) {
        std::size_t value = 0;
        std::from_chars(given->data(), given->data() + given->size(), value);
        if (value >= 1 && value <= 1000)
            top = value;
    }
    boost::json::array devices;
    for (const auto& device : in.hub.registry().list(top, asked.parameter("after").value_or("")))
        devices.push_back(device_body(in.hub, device));
    answer result;
    result.body = std::move(devices);
    co_return result;
}

} // namespace capstan::http
