// POST /devices/query: contract/rest.md, section 5.

#include "hub/registry/device_query.hpp"

#include <charconv>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "http/live_state.hpp"
#include "http/resources.hpp"
#include "http/status.hpp"
#include "hub/registry/device_json.hpp"

namespace capstan::http {
namespace {

namespace json = boost::json;

/// So many devices are looked at between two others' turns on the thread.
constexpr std::size_t at_once = 200;
constexpr std::size_t page_default = 100, page_max = 1000;

std::size_t page_size(const request& asked) {
    const auto text = asked.header("x-ms-max-item-count");
    std::size_t size = 0;
    std::from_chars(text.data(), text.data() + text.size(), size);
    return size == 0 ? page_default : std::min(size, page_max);
}

/// What one request gathers.
struct page {
    json::array items;
    std::uint64_t count = 0; ///< of all that fitted, in this request
    std::string last;        ///< the device up to which was looked; empty when all were
};

void look_at(const hub::device_query& query, page& into, const json::object& twin) {
    if (!query.holds(twin))
        return;
    ++into.count;
    if (!query.counts())
        into.items.push_back(query.result(twin));
}

void look_at_device(const context& in, const hub::device_query& query, page& into, const store::device& device) {
    if (!query.of_modules())
        return look_at(query, into, hub::device_twin_json(device, live_state_of(in.hub, device.id)));
    for (const auto& each : in.hub.registry().list_modules(device.id))
        look_at(query, into, hub::module_twin_json(each, live_state_of(in.hub, each.id)));
}

asio::awaitable<page> gather(context& in, const hub::device_query& query, std::string after, std::size_t enough) {
    page found;
    for (;;) {
        const auto devices = in.hub.registry().list(at_once, after);
        for (const auto& each : devices) {
            look_at_device(in, query, found, each);
            after = each.id;
            if (!query.counts() && found.items.size() >= enough) { // the modules of one device stay together
                found.last = after;
                co_return found;
            }
        }
        if (devices.size() < at_once)
            co_return found;
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    }
}

/// TOP counts over all pages: how many are left goes with the continuation.
struct continuation {
    std::size_t left = 0; ///< of TOP; 0: there is no TOP
    std::string after;
};

continuation read_continuation(std::string_view text, const hub::device_query& query) {
    continuation from{query.top().value_or(0), ""};
    const auto colon = text.find(':');
    if (colon == text.npos)
        return from;
    std::from_chars(text.data(), text.data() + colon, from.left);
    from.after = text.substr(colon + 1);
    return from;
}

} // namespace

asio::awaitable<answer> query_devices(context& in, const request& asked) {
    const auto now = in.hub.clock().now();
    boost::system::error_code error;
    const auto body = json::parse(asked.body, error);
    const auto* object = body.if_object();
    const auto* text = object ? object->if_contains("query") : nullptr;
    if (error || text == nullptr || !text->is_string())
        co_return error_answer(errc::invalid_format, "The body must be {\"query\": \"SELECT ..\"}.", now);
    const auto query = hub::device_query::parse(text->get_string());
    if (!query)
        co_return error_answer(errc::argument_invalid, "BadQuery: " + query.error(), now);
    auto from = read_continuation(asked.header("x-ms-continuation"), *query);
    const auto enough = from.left > 0 ? std::min(from.left, page_size(asked)) : page_size(asked);
    auto found = co_await gather(in, *query, std::move(from.after), enough);
    if (query->counts())
        found.items.push_back(query->count_result(found.count));
    if (from.left > 0 && found.items.size() > from.left) // a last device may have had more modules than were wanted
        found.items.resize(from.left);
    const bool done = found.last.empty() || (from.left > 0 && found.items.size() >= from.left);
    answer result;
    result.headers.emplace_back("x-ms-item-type", query->whole() ? "Twin" : "Raw");
    if (!done)
        result.headers.emplace_back("x-ms-continuation",
                                    fmt::format("{}:{}", from.left > 0 ? from.left - found.items.size() : 0, found.last));
    result.body = std::move(found.items);
    co_return result;
}

} // namespace capstan::http
