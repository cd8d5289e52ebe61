#include "hub/message_rules.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include <fmt/format.h>

#include "hub/peer_log.hpp"

namespace capstan::hub {
namespace {

constexpr std::size_t longest_message_id = 128;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool made_of(std::string_view text, std::string_view punctuation) {
    return std::ranges::all_of(text, [&](char c) { return is_alphanumeric(c) || punctuation.contains(c); });
}

int number(std::string_view digits) {
    int value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

/// "dddd-dd-ddTdd:dd:dd", of a day and a time that there are; a leap second counts.
std::optional<wall_time> parse_second(std::string_view text) {
    constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
    if (!std::ranges::equal(text, shape, [](char c, char as) { return as == 'd' ? is_digit(c) : c == as; }))
        return std::nullopt;
    const std::chrono::year_month_day day(std::chrono::year(number(text.substr(0, 4))),
                                          std::chrono::month(static_cast<unsigned>(number(text.substr(5, 2)))),
                                          std::chrono::day(static_cast<unsigned>(number(text.substr(8, 2)))));
    const int hour = number(text.substr(11, 2)), minute = number(text.substr(14, 2)), second = number(text.substr(17, 2));
    if (!day.ok() || hour >= 24 || minute >= 60 || second > 60)
        return std::nullopt;
    return std::chrono::sys_days(day) + std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
}

/// ".ddd", one to nine digits: whole milliseconds of it.
std::optional<std::chrono::milliseconds> parse_fraction(std::string_view text) {
    constexpr std::size_t longest = 9;
    if (!text.starts_with('.') || text.size() < 2 || text.size() > longest + 1 || !std::ranges::all_of(text.substr(1), is_digit))
        return std::nullopt;
    auto digits = std::string(text.substr(1)) + "00";
    return std::chrono::milliseconds(number(std::string_view(digits).substr(0, 3)));
}

bool is_systems(std::string_view name) { return name.starts_with("iothub-") || name.starts_with("dt-"); }

} // namespace

bool valid_message_id(std::string_view text) { return text.size() <= longest_message_id && made_of(text, "-:.+%_#*?!(),=@;$'"); }

bool valid_property_text(std::string_view text) { return made_of(text, "!#$%&'*+-.^_`|~"); }

std::optional<wall_time> parse_utc_time(std::string_view text) {
    constexpr std::size_t to_the_second = 19;
    const auto second = parse_second(text.substr(0, to_the_second));
    if (!second)
        return std::nullopt;
    text.remove_prefix(to_the_second);
    if (text.ends_with('Z'))
        text.remove_suffix(1);
    if (text.empty())
        return second;
    const auto fraction = parse_fraction(text);
    return fraction ? std::optional(*second + *fraction) : std::nullopt;
}

std::optional<std::string> command_problem(std::string_view message_id, const amqp::map& properties) {
    if (!valid_message_id(message_id))
        return "The message id must be at most 128 letters, digits and -:.+%_#*?!(),=@;$'.";
    for (const auto& [key, content] : properties.entries) {
        const auto name = key.text().value_or("");
        if (name == "iothub-creation-time-utc" && !valid_creation_time(content.text().value_or("")))
            return "iothub-creation-time-utc must be a time in UTC without an offset, such as 2026-01-31T23:59:59.123Z.";
        if (name.empty())
            return "A property has no name.";
    }
    return std::nullopt;
}

std::optional<std::string> message_problem(std::string_view message_id, const amqp::map& properties) {
    if (auto problem = command_problem(message_id, properties))
        return problem;
    for (const auto& [key, content] : properties.entries) {
        const auto name = key.text().value_or(""), value = content.text().value_or("");
        if (!is_systems(name) && !valid_property_text(name))
            return fmt::format("The property name '{}' must be letters, digits and !#$%&'*+-.^_`|~.", printable(name));
        if (!is_systems(name) && !valid_property_text(value))
            return fmt::format("The value of the property '{}' must be letters, digits and !#$%&'*+-.^_`|~.", printable(name));
    }
    return std::nullopt;
}

} // namespace capstan::hub
