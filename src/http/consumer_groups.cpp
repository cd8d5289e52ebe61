// The consumer groups of the built-in event hub, or of a route's endpoint that the parameter `eventhub` names. Azure keeps them on its
// management plane; the shape here is our own.

#include <fmt/format.h>

#include "http/resources.hpp"
#include "http/status.hpp"
#include "hub/telemetry/event_hub.hpp"

namespace capstan::http {
namespace {

using refusal = hub::consumer_groups::refusal;

answer error_of(const context& in, refusal why, const std::string& name) {
    const auto now = in.hub.clock().now();
    switch (why) {
    case refusal::exists: return error_answer(errc::consumer_group_exists, name, now);
    case refusal::not_found: return error_answer(errc::consumer_group_not_found, name, now);
    case refusal::too_many:
        return error_answer(errc::quota_exceeded,
                            fmt::format("The event hub has {} consumer groups, $Default among them: no more are allowed.",
                                        in.hub.config().consumer_groups_max),
                            now);
    case refusal::invalid:
        return error_answer(errc::argument_invalid, "A consumer group cannot be called or removed like this: " + name, now);
    case refusal::configured:
        return error_answer(errc::argument_invalid, "The consumer group stands in the configuration file: " + name, now);
    case refusal::not_saved: break;
    }
    return error_answer(errc::service_unavailable, "The consumer groups could not be written to disk.", now);
}

boost::json::object described(const std::string& name) { return {{"name", name}}; }

/// The built-in event hub, or the one that `eventhub` names; none when there is no such event hub.
hub::event_hub* event_hub_of(const context& in, const request& asked) {
    const auto name = asked.parameter("eventhub");
    return name && *name != hub::routing::built_in_name ? in.hub.find_event_hub({{std::string(*name)}}) : &in.hub.built_in_events();
}

answer no_event_hub(const context& in) { return error_answer(errc::path_not_found, "There is no such event hub.", in.hub.clock().now()); }

} // namespace

asio::awaitable<answer> list_consumer_groups(context& in, const request& asked) {
    auto* const of = event_hub_of(in, asked);
    if (of == nullptr)
        co_return no_event_hub(in);
    boost::json::array groups;
    for (const auto& each : of->consumer_groups().all())
        groups.push_back(described(each));
    answer result;
    result.body = std::move(groups);
    co_return result;
}

asio::awaitable<answer> put_consumer_group(context& in, const request& asked) {
    auto* const of = event_hub_of(in, asked);
    if (of == nullptr)
        co_return no_event_hub(in);
    const auto& name = asked.path[1];
    if (const auto made = of->consumer_groups().create(name); !made)
        co_return error_of(in, made.error(), name);
    answer result;
    result.body = described(name);
    co_return result;
}

asio::awaitable<answer> delete_consumer_group(context& in, const request& asked) {
    auto* const of = event_hub_of(in, asked);
    if (of == nullptr)
        co_return no_event_hub(in);
    const auto& name = asked.path[1];
    if (const auto removed = of->consumer_groups().remove(name); !removed)
        co_return error_of(in, removed.error(), name);
    of->readers().end_group(name);
    answer result;
    result.status = status::no_content;
    co_return result;
}

} // namespace capstan::http
