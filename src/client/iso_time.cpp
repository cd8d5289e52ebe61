#include "client/iso_time.hpp"

#include <charconv>

namespace capstan::client {
namespace {

/// The number in these places, which must all be digits; -1 otherwise.
int number(std::string_view text, std::size_t at, std::size_t count) {
    int value = -1;
    const auto* from = text.data() + at;
    const auto [end, error] = std::from_chars(from, from + count, value);
    return error == std::errc() && end == from + count && *from != '-' ? value : -1;
}

/// The milliseconds of ".9772497".
int milliseconds(std::string_view fraction) {
    int value = 0;
    for (std::size_t place = 1; place <= 3; ++place)
        value = value * 10 + (place < fraction.size() ? fraction[place] - '0' : 0);
    return value;
}

} // namespace

std::optional<wall_clock_time> parse_iso_time(std::string_view text) {
    constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
    if (text.size() < shape.size())
        return std::nullopt;
    for (std::size_t at = 0; at < shape.size(); ++at)
        if (shape[at] != 'd' && text[at] != shape[at] && !(shape[at] == 'T' && text[at] == ' '))
            return std::nullopt;
    auto rest = text.substr(shape.size());
    const auto digits = rest.starts_with('.') ? rest.find_first_not_of("0123456789", 1) : 0;
    const auto fraction = rest.substr(0, digits);
    rest.remove_prefix(fraction.size());
    if (fraction == "." || (!rest.empty() && rest != "Z" && rest != "+00:00"))
        return std::nullopt;
    using namespace std::chrono;
    const year_month_day day(year(number(text, 0, 4)), month(static_cast<unsigned>(number(text, 5, 2))),
                             std::chrono::day(static_cast<unsigned>(number(text, 8, 2))));
    const int hour = number(text, 11, 2), minute = number(text, 14, 2), second = number(text, 17, 2);
    if (number(text, 0, 4) < 0 || !day.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return std::nullopt;
    return sys_days(day) + hours(hour) + minutes(minute) + seconds(second) + std::chrono::milliseconds(milliseconds(fraction));
}

} // namespace capstan::client
