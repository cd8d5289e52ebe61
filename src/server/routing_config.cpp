#include "server/routing_config.hpp"

#include <algorithm>
#include <limits>
#include <span>

#include <fmt/format.h>

#include "server/settings.hpp"

namespace capstan::server {
namespace {

namespace routing = hub::routing;

/// Ends the reading of the section; `at` is a line of the file.
struct wrong {
    std::string text;
    toml::source_index at;
};

template<class... Parts> [[noreturn]] void fail(const toml::source_region& at, fmt::format_string<Parts...> text, Parts&&... parts) {
    throw wrong{fmt::format(text, std::forward<Parts>(parts)...), at.begin.line};
}

// --- Values. Each says what it needs when it is something else. ---------------------------------------------------------------

void take(const toml::node& from, std::string& into) {
    const auto* text = from.as_string();
    if (text == nullptr)
        fail(from.source(), "this must be a text");
    into = text->get();
}

void take(const toml::node& from, std::filesystem::path& into) {
    std::string text;
    take(from, text);
    into = text;
}

void take(const toml::node& from, bool& into) {
    const auto* flag = from.as_boolean();
    if (flag == nullptr)
        fail(from.source(), "this must be true or false");
    into = flag->get();
}

void take(const toml::node& from, std::vector<std::string>& into) {
    const auto* list = from.as_array();
    if (list == nullptr)
        fail(from.source(), "this must be a list of texts");
    into.clear();
    for (const auto& each : *list)
        take(each, into.emplace_back());
}

template<std::unsigned_integral Number> void take_number(const toml::node& from, Number& into, std::int64_t low, std::int64_t high) {
    const auto* number = from.as_integer();
    if (number == nullptr || number->get() < low || number->get() > high)
        fail(from.source(), "this must be a whole number from {} to {}", low, high);
    into = static_cast<Number>(number->get());
}

void take_duration(const toml::node& from, std::chrono::milliseconds& into, std::chrono::seconds least, std::chrono::seconds most) {
    const auto* text = from.as_string();
    const auto read = text ? duration_of(text->get()) : std::nullopt;
    if (!read || *read < least || *read > most)
        fail(from.source(), "this must be a duration from {}s to {}s, such as \"90s\", \"15m\" or \"2d\"", least.count(), most.count());
    into = *read;
}

// --- Tables ------------------------------------------------------------------------------------------------------------------

/// Hands each entry of a table to the one that knows its key.
template<class T> struct entry {
    std::string_view key;
    void (*take)(T& into, const toml::node& from);
};

template<class T> T read_table(const toml::node& from, std::span<const entry<T>> known) {
    const auto* table = from.as_table();
    if (table == nullptr)
        fail(from.source(), "this must be a table: write [[..]]");
    T made;
    for (const auto& [name, node] : *table) {
        const auto found = std::ranges::find(known, name.str(), &entry<T>::key);
        if (found == known.end())
            fail(name.source(), "there is no setting '{}' here", name.str());
        found->take(made, node);
    }
    return made;
}

template<class T> void read_tables(const toml::node& from, std::span<const entry<T>> known, std::vector<T>& into) {
    const auto* list = from.as_array();
    if (list == nullptr)
        fail(from.source(), "this must be a list of tables: write [[..]]");
    for (const auto& each : *list)
        into.push_back(read_table(each, known));
}

void take_kind(routing::endpoint& into, const toml::node& from) {
    std::string text;
    take(from, text);
    constexpr std::pair<std::string_view, routing::endpoint::kind> kinds[] = {{"event-hub", routing::endpoint::kind::event_hub},
                                                                              {"file", routing::endpoint::kind::file},
                                                                              {"webhook", routing::endpoint::kind::webhook}};
    const auto found = std::ranges::find(kinds, text, &std::pair<std::string_view, routing::endpoint::kind>::first);
    if (found == std::end(kinds))
        fail(from.source(), "this must be \"event-hub\", \"file\" or \"webhook\"");
    into.what = found->second;
}

void take_source(routing::route& into, const toml::node& from) {
    std::string text;
    take(from, text);
    const auto found = routing::source_of(text);
    if (!found)
        fail(from.source(), "this must be \"DeviceMessages\", \"DeviceLifecycleEvents\" or \"DeviceConnectionStateEvents\"");
    into.source = *found;
}

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
constexpr std::int64_t gigabyte = 1 << 30;

const entry<routing::endpoint> endpoint_entries[] = {
    {"name", [](auto& into, const auto& from) { take(from, into.name); }},
    {"type", take_kind},
    {"partitions", [](auto& into, const auto& from) { take_number(from, into.partitions, 1, 128); }},
    {"retention", [](auto& into, const auto& from) { take_duration(from, into.retention, minutes(1), hours(24 * 3650)); }},
    {"consumer_groups", [](auto& into, const auto& from) { take(from, into.consumer_groups); }},
    {"folder", [](auto& into, const auto& from) { take(from, into.folder); }},
    {"rotate_size", [](auto& into, const auto& from) { take_number(from, into.rotate_size, 1024, 1024 * gigabyte); }},
    {"rotate_time", [](auto& into, const auto& from) { take_duration(from, into.rotate_time, seconds(1), hours(24)); }},
    {"url", [](auto& into, const auto& from) { take(from, into.url); }},
    {"ca", [](auto& into, const auto& from) { take(from, into.ca); }},
    {"headers", [](auto& into, const auto& from) { take(from, into.headers); }},
    {"batch", [](auto& into, const auto& from) { take_number(from, into.batch, 1, 1000); }},
};

const entry<routing::route> route_entries[] = {
    {"name", [](auto& into, const auto& from) { take(from, into.name); }},
    {"source", take_source},
    {"condition", [](auto& into, const auto& from) { take(from, into.condition); }},
    {"endpoints", [](auto& into, const auto& from) { take(from, into.endpoints); }},
    {"enabled", [](auto& into, const auto& from) { take(from, into.enabled); }},
};

const entry<routing::enrichment> enrichment_entries[] = {
    {"key", [](auto& into, const auto& from) { take(from, into.key); }},
    {"value", [](auto& into, const auto& from) { take(from, into.value); }},
    {"endpoints", [](auto& into, const auto& from) { take(from, into.endpoints); }},
};

const entry<routing::routes> section_entries[] = {
    {"fallback", [](auto& into, const auto& from) { take(from, into.fallback); }},
    {"endpoints", [](auto& into, const auto& from) { read_tables<routing::endpoint>(from, endpoint_entries, into.endpoints); }},
    {"routes", [](auto& into, const auto& from) { read_tables<routing::route>(from, route_entries, into.list); }},
    {"enrichments", [](auto& into, const auto& from) { read_tables<routing::enrichment>(from, enrichment_entries, into.enrichments); }},
};

} // namespace

std::expected<void, std::string> apply_routing(routing::routes& into, const std::filesystem::path& file, const toml::table& section) {
    try {
        into = read_table<routing::routes>(section, section_entries);
        return {};
    } catch (const wrong& error) {
        return std::unexpected(fmt::format("{}:{}: {}", file.string(), error.at, error.text));
    }
}

} // namespace capstan::server
