#include "hub/routing/body_json.hpp"

#include <cstring>

#include <boost/algorithm/string/predicate.hpp>
#include <boost/json/parse.hpp>
#include <boost/locale/encoding_utf.hpp>
#include <fmt/format.h>

namespace capstan::hub::routing {
namespace {

/// The type before the first ';', and its charset.
std::pair<std::string, std::string> split_content_type(std::string_view text) {
    const auto trimmed = [](std::string_view part) {
        const auto first = part.find_first_not_of(" \t\"");
        return first == part.npos ? std::string() : std::string(part.substr(first, part.find_last_not_of(" \t\"") - first + 1));
    };
    const auto semicolon = text.find(';');
    std::pair<std::string, std::string> parts{trimmed(text.substr(0, semicolon)), ""};
    for (auto rest = semicolon == text.npos ? std::string_view() : text.substr(semicolon + 1); !rest.empty();) {
        const auto part = trimmed(rest.substr(0, rest.find(';')));
        if (boost::istarts_with(part, "charset="))
            parts.second = trimmed(std::string_view(part).substr(8));
        rest.remove_prefix(std::min(rest.find(';'), rest.size() - 1) + 1);
    }
    return parts;
}

template<class Unit> std::string from_units(bytes_view octets) {
    std::basic_string<Unit> units(octets.size() / sizeof(Unit), Unit());
    std::memcpy(units.data(), octets.data(), units.size() * sizeof(Unit)); // little endian, as this machine is
    if (!units.empty() && units.front() == Unit(0xfeff))
        units.erase(0, 1);
    return boost::locale::conv::utf_to_utf<char>(units);
}

std::optional<std::string> to_utf8(bytes_view octets, std::string_view encoding) {
    if (boost::iequals(encoding, "utf-8"))
        return std::string(octets.begin(), octets.end());
    if (boost::iequals(encoding, "utf-16"))
        return from_units<char16_t>(octets);
    if (boost::iequals(encoding, "utf-32"))
        return from_units<char32_t>(octets);
    return std::nullopt;
}

} // namespace

std::expected<boost::json::value, std::string> json_of(const amqp::message_view& message, const amqp::message_properties& properties) {
    const auto [type, charset] = split_content_type(properties.content_type.value_or(""));
    if (!boost::iequals(type, "application/json"))
        return std::unexpected(fmt::format("the content type is '{}', not application/json", type));
    const std::string encoding = charset.empty() ? std::string(properties.content_encoding.value_or("")) : charset;
    const auto text = to_utf8(message.joined_data(), encoding);
    if (!text)
        return std::unexpected(fmt::format("the content encoding is '{}', not utf-8, utf-16 or utf-32", encoding));
    boost::system::error_code error;
    auto document = boost::json::parse(*text, error);
    if (error)
        return std::unexpected("the body is no JSON: " + error.message());
    return document;
}

} // namespace capstan::hub::routing
