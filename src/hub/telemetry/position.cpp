#include "hub/telemetry/position.hpp"

#include <charconv>
#include <limits>

#include <capstan/amqp/value.hpp>
#include <fmt/format.h>

namespace capstan::hub {
namespace {

std::string_view trim(std::string_view text) {
    const auto from = text.find_first_not_of(" \t\r\n");
    return from == std::string_view::npos ? std::string_view() : text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// "<" to "=" as text: what stands between a field's name and its value.
struct comparison {
    std::string_view field, value;
    bool inclusive;
};

std::optional<comparison> split(std::string_view text) {
    const auto op = text.find('>');
    if (op == std::string_view::npos)
        return std::nullopt;
    const bool inclusive = text.substr(op).starts_with(">=");
    auto value = trim(text.substr(op + (inclusive ? 2 : 1)));
    if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'')
        value = value.substr(1, value.size() - 2);
    return comparison{trim(text.substr(0, op)), value, inclusive};
}

std::optional<position::kind> kind_of(std::string_view field) {
    constexpr std::string_view prefix = "amqp.annotation.";
    if (!field.starts_with(prefix))
        return std::nullopt;
    field.remove_prefix(prefix.size());
    if (field == "x-opt-sequence-number")
        return position::kind::sequence;
    if (field == "x-opt-offset")
        return position::kind::offset;
    if (field == "x-opt-enqueued-time" || field == "x-opt-enqueuedtimeutc")
        return position::kind::time;
    return std::nullopt;
}

/// Beyond it no number of an event, offset or millisecond lies, and sums with it stay numbers.
constexpr std::uint64_t max_position = std::numeric_limits<std::int64_t>::max() / 2;

} // namespace

std::string offset_of(store::sequence_number sequence) { return std::to_string(sequence * offset_step); }

std::expected<position, std::string> parse_selector(std::string_view text) {
    const auto parts = split(text);
    const auto kind = parts ? kind_of(parts->field) : std::nullopt;
    if (!kind)
        return std::unexpected(fmt::format("The filter '{}' is not understood.", text));
    if (parts->value == "@latest")
        return position{.what = position::kind::latest};
    if (parts->value == "-1")
        return position{.what = position::kind::earliest};
    const auto value = number(parts->value);
    if (!value || *value > max_position)
        return std::unexpected(fmt::format("The filter's value '{}' is not a position.", parts->value));
    return position{.what = *kind, .value = *value, .inclusive = parts->inclusive};
}

std::expected<position, std::string> parse_filter(bytes_view filter_map) {
    if (filter_map.empty())
        return position{};
    const auto filters = amqp::decode_value({filter_map});
    const auto* map = filters ? filters->get<amqp::map>() : nullptr;
    if (!map)
        return std::unexpected("The filter set is not a map.");
    for (const auto& [key, filter] : map->entries) {
        const auto name = key.text().value_or("");
        if (name != "apache.org:selector-filter:string" && name != "jms-selector")
            continue;
        const auto selector = filter.content().text();
        return selector ? parse_selector(*selector) : std::unexpected(std::string("The selector filter is not a string."));
    }
    // Filters that are not known are not applied; the answer's source would say so, but clients do not look (part 3, 3.5.8).
    return position{};
}

std::expected<store::sequence_number, std::string> first_event(const position& from, const store::partition_state& state) {
    const auto last = static_cast<std::int64_t>(state.next) - 1;
    switch (from.what) {
    case position::kind::earliest:
    case position::kind::time: return state.begin;
    case position::kind::latest: return state.next;
    case position::kind::sequence: {
        if (from.value > state.next)
            return std::unexpected(fmt::format(
                "The supplied sequence number '{}' is invalid. The last sequence number in the system is '{}'", from.value, last));
        return std::min(from.value + (from.inclusive ? 0 : 1), state.next);
    }
    case position::kind::offset: {
        if (from.value > state.next * offset_step)
            return std::unexpected(fmt::format("The supplied offset '{}' is invalid. The last offset in the system is '{}'", from.value,
                                               last * static_cast<std::int64_t>(offset_step)));
        const bool between = from.value % offset_step != 0;
        return std::min(from.value / offset_step + (from.inclusive && !between ? 0 : 1), state.next);
    }
    }
    return state.begin;
}

std::optional<store::partition_id> parse_partition(std::string_view id, store::partition_id count) {
    const auto value = number(id);
    return value && *value < count ? std::optional(static_cast<store::partition_id>(*value)) : std::nullopt;
}

} // namespace capstan::hub
