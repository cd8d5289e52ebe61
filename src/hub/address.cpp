#include "hub/address.hpp"

#include <algorithm>
#include <cctype>

namespace capstan::hub {
namespace {

using path = std::vector<auth::segment>;

bool is(const path& segments, std::size_t from, std::initializer_list<std::string_view> words) {
    if (segments.size() != from + words.size())
        return false;
    return std::ranges::all_of(words, [&, at = from](std::string_view word) mutable { return segments[at++].is(word); });
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

/// Behind devices/{id}[/modules/{id}].
node device_node(const path& segments, std::size_t from) {
    if (is(segments, from, {"messages", "events"}))
        return node::telemetry;
    if (is(segments, from, {"messages", "devicebound"}))
        return node::device_bound;
    if (is(segments, from, {"twin"}))
        return node::twin;
    if (is(segments, from, {"methods", "devicebound"}))
        return node::methods;
    return node::unknown;
}

void parse_device(const path& segments, address& result) {
    if (segments.size() < 3)
        return;
    result.device = segments[1];
    std::size_t from = 2;
    if (segments.size() > 4 && segments[2].is("modules")) {
        result.module = segments[3];
        from = 4;
    }
    result.what = device_node(segments, from);
}

node service_node(const path& segments) {
    if (is(segments, 0, {"messages", "devicebound"}))
        return node::service_commands;
    if (is(segments, 0, {"messages", "servicebound", "feedback"}))
        return node::feedback;
    if (is(segments, 0, {"messages", "servicebound", "filenotifications"}))
        return node::file_notifications;
    if (is(segments, 0, {"messages", "servicebound", "fileuploadnotifications"}))
        return node::file_notifications;
    if (segments.size() >= 2 && segments[0].is("messages") && segments[1].is("events"))
        return node::hub_events;
    return node::unknown;
}

void parse_event_hub(const path& segments, address& result) {
    result.event_hub = segments[0];
    if (is(segments, 1, {"$management"}))
        result.what = node::management;
    if (segments.size() != 5 || !segments[1].is("consumergroups") || !segments[3].is("partitions"))
        return;
    result.what = node::partition;
    result.consumer_group = lower(segments[2].readings.front());
    result.partition = segments[4].readings.front();
}

std::string suffix_of(std::string_view text) {
    constexpr std::string_view events = "messages/events";
    const auto found = lower(std::string(text)).find(events);
    return found == std::string::npos ? std::string() : std::string(text.substr(found + events.size()));
}

} // namespace

address parse_address(std::string_view text) {
    address result;
    const auto segments = auth::parse_address(text).path;
    if (segments.empty())
        return result;
    if (is(segments, 0, {"$cbs"}))
        result.what = node::cbs;
    else if (is(segments, 0, {"$management"}))
        result.what = node::management;
    else if (segments[0].is("devices"))
        parse_device(segments, result);
    else if (segments[0].is("messages"))
        result.what = service_node(segments);
    else
        parse_event_hub(segments, result);
    if (result.what == node::hub_events)
        result.suffix = suffix_of(text);
    return result;
}

} // namespace capstan::hub
