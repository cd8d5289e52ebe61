#include "hub/routing/functions.hpp"

#include <algorithm>
#include <array>
#include <clocale>
#include <cmath>
#include <cwctype>
#include <locale.h>
#include <optional>
#include <string>

#include <boost/algorithm/string/predicate.hpp>
#include <boost/locale/encoding_utf.hpp>

namespace capstan::hub::routing {
namespace {

using arguments = std::span<const value>;

// --- Numbers -----------------------------------------------------------------------------------------------------------------

value number_or_undefined(double result) { return std::isnan(result) ? value() : value(result); }

template<double (*Of)(double)> value of_number(arguments given) {
    const auto* number = std::get_if<double>(&given[0]);
    return number ? number_or_undefined(Of(*number)) : value();
}

double square(double of) { return of * of; }
double absolute(double of) { return std::fabs(of); }
double exponential(double of) { return std::exp(of); }
double ceiling(double of) { return std::ceil(of); }
double floor_of(double of) { return std::floor(of); }
double root(double of) { return std::sqrt(of); }
double sign(double of) { return of > 0 ? 1 : of < 0 ? -1 : of; }

value power(arguments given) {
    const auto* base = std::get_if<double>(&given[0]);
    const auto* exponent = std::get_if<double>(&given[1]);
    return base && exponent ? number_or_undefined(std::pow(*base, *exponent)) : value();
}

/// Digits with a sign, a point, an exponent, and commas between thousands; blanks around them.
value as_number(arguments given) {
    if (is<double>(given[0]))
        return given[0];
    const auto* text = std::get_if<std::string>(&given[0]);
    if (text == nullptr || text->find_first_not_of("0123456789+-.,eE \t") != std::string::npos)
        return undefined();
    std::string digits = *text;
    std::erase(digits, ',');
    const auto first = digits.find_first_not_of(" \t");
    digits = first == std::string::npos ? "" : digits.substr(first, digits.find_last_not_of(" \t") - first + 1);
    char* end = nullptr;
    const double number = std::strtod(digits.c_str(), &end); // for its infinity; the process has the locale "C"
    return digits.empty() || *end != '\0' ? value() : value(number);
}

// --- Kinds -------------------------------------------------------------------------------------------------------------------

template<class... Kinds> value is_one_of(arguments given) { return (is<Kinds>(given[0]) || ...); }

value is_defined(arguments given) { return !is<undefined>(given[0]) && !is<missing>(given[0]); }

value is_number(arguments given) {
    const auto* number = std::get_if<double>(&given[0]);
    return number != nullptr && std::isfinite(*number);
}

// --- Texts -------------------------------------------------------------------------------------------------------------------

const std::string* text_of(const value& from) { return std::get_if<std::string>(&from); }

/// Positions and lengths are counted in units of UTF-16, as .NET does.
std::u16string units_of(const std::string& text) { return boost::locale::conv::utf_to_utf<char16_t>(text); }
std::string text_of(const std::u16string& units) { return boost::locale::conv::utf_to_utf<char>(units); }

value concat(arguments given) {
    std::string joined;
    for (const auto& each : given) {
        if (is_null(each))
            continue;
        const auto* text = text_of(each);
        if (text == nullptr)
            return undefined();
        joined += *text;
    }
    return joined;
}

value length(arguments given) {
    const auto* text = text_of(given[0]);
    return text ? value(static_cast<double>(units_of(*text).size())) : value();
}

/// Of all languages alike; Debian has this locale built in, and without it only ASCII is mapped.
template<wint_t (*Map)(wint_t, locale_t)> value map_case(arguments given) {
    static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    const auto* text = text_of(given[0]);
    if (text == nullptr || locale == nullptr)
        return text ? value(*text) : value();
    auto wide = boost::locale::conv::utf_to_utf<wchar_t>(*text);
    for (auto& each : wide)
        each = static_cast<wchar_t>(Map(static_cast<wint_t>(each), locale));
    return boost::locale::conv::utf_to_utf<char>(wide);
}

std::optional<std::size_t> whole(const value& from, std::size_t most) {
    const auto* number = std::get_if<double>(&from);
    if (number == nullptr || *number < 0 || *number > static_cast<double>(most) || *number != std::floor(*number))
        return std::nullopt;
    return static_cast<std::size_t>(*number);
}

value substring(arguments given) {
    const auto* text = text_of(given[0]);
    if (text == nullptr)
        return undefined();
    const auto units = units_of(*text);
    const auto start = whole(given[1], units.size());
    if (!start)
        return undefined();
    if (given.size() == 2)
        return text_of(units.substr(*start));
    const auto count = whole(given[2], units.size() - *start);
    return count && *start < units.size() ? value(text_of(units.substr(*start, *count))) : value();
}

value index_of(arguments given) {
    const auto* text = text_of(given[0]);
    const auto* part = text_of(given[1]);
    if (text == nullptr || part == nullptr)
        return undefined();
    const auto found = units_of(*text).find(units_of(*part));
    return found == std::u16string::npos ? -1.0 : static_cast<double>(found);
}

template<bool (*Test)(const std::string&, const std::string&)> value of_texts(arguments given) {
    const auto* text = text_of(given[0]);
    const auto* part = text_of(given[1]);
    return text && part ? value(Test(*text, *part)) : value();
}

bool starts_with(const std::string& text, const std::string& part) { return text.starts_with(part); }
bool ends_with(const std::string& text, const std::string& part) { return text.ends_with(part); }
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// --- The table ---------------------------------------------------------------------------------------------------------------

using gives = function::gives;

constexpr auto functions = std::to_array<function>({
    {"ABS", "n", 1, gives::number, of_number<absolute>},
    {"AS_NUMBER", "v", 1, gives::number, as_number},
    {"CEILING", "n", 1, gives::number, of_number<ceiling>},
    {"CONCAT", "ss+", 2, gives::text, concat},
    {"CONTAINS", "ss", 2, gives::boolean, of_texts<contains>},
    {"ENDSWITH", "ss", 2, gives::boolean, of_texts<ends_with>},
    {"ENDS_WITH", "ss", 2, gives::boolean, of_texts<ends_with>},
    {"EXP", "n", 1, gives::number, of_number<exponential>},
    {"FLOOR", "n", 1, gives::number, of_number<floor_of>},
    {"INDEX_OF", "ss", 2, gives::number, index_of},
    {"IS_ARRAY", "a", 1, gives::boolean, is_one_of<array>},
    {"IS_BOOL", "a", 1, gives::boolean, is_one_of<bool>},
    {"IS_DEFINED", "a", 1, gives::boolean, is_defined},
    {"IS_NULL", "a", 1, gives::boolean, is_one_of<null>},
    {"IS_NUMBER", "a", 1, gives::boolean, is_number},
    {"IS_OBJECT", "a", 1, gives::boolean, is_one_of<object>},
    {"IS_PRIMITIVE", "a", 1, gives::boolean, is_one_of<null, bool, double, std::string>},
    {"IS_STRING", "a", 1, gives::boolean, is_one_of<std::string>},
    {"LENGTH", "s", 1, gives::number, length},
    {"LOWER", "s", 1, gives::text, map_case<::towlower_l>},
    {"POWER", "nn", 2, gives::number, power},
    {"SIGN", "n", 1, gives::number, of_number<sign>},
    {"SQRT", "n", 1, gives::number, of_number<root>},
    {"SQUARE", "n", 1, gives::number, of_number<square>},
    {"STARTSWITH", "ss", 2, gives::boolean, of_texts<starts_with>},
    {"STARTS_WITH", "ss", 2, gives::boolean, of_texts<starts_with>},
    {"SUBSTRING", "snn", 2, gives::text, substring},
    {"UPPER", "s", 1, gives::text, map_case<::towupper_l>},
});

} // namespace

bool function::takes(std::size_t count) const { return count >= least && (arguments.ends_with('+') || count <= arguments.size()); }

char function::argument(std::size_t index) const {
    const auto known = arguments.ends_with('+') ? arguments.substr(0, arguments.size() - 1) : arguments;
    return known[std::min(index, known.size() - 1)];
}

const function* find_function(std::string_view name) {
    const auto found = std::ranges::find_if(functions, [&](const function& each) { return boost::iequals(each.name, name); });
    return found == functions.end() ? nullptr : &*found;
}

} // namespace capstan::hub::routing
