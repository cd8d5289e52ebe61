#include "hub/routing/path.hpp"

#include <charconv>

namespace capstan::hub::routing {
namespace {

namespace json = boost::json;

std::optional<std::size_t> index_in(std::string_view step) {
    std::size_t index = 0;
    const auto end = step.data() + step.size();
    const auto parsed = std::from_chars(step.data() + 1, end, index);
    return parsed.ec == std::errc() && parsed.ptr != step.data() + 1 && std::string_view(parsed.ptr, end) == "]" ? std::optional(index)
                                                                                                                 : std::nullopt;
}

value value_of(const json::value& found) {
    switch (found.kind()) {
    case json::kind::null: return null();
    case json::kind::bool_: return found.get_bool();
    case json::kind::string: return std::string(found.get_string());
    case json::kind::object: return object();
    case json::kind::array: return array();
    default: return found.to_number<double>();
    }
}

/// The member or element; none when there is none, with whether something of this kind could have it.
const json::value* step_into(const json::value& from, const std::string& step, bool& could) {
    if (step.starts_with('[')) {
        const auto* elements = from.if_array();
        could = elements != nullptr;
        return could ? elements->if_contains(*index_in(step)) : nullptr;
    }
    const auto* members = from.if_object();
    could = members != nullptr;
    return could ? members->if_contains(step) : nullptr;
}

/// What stands in [[..]] or ['..'], off the front; none when there is neither.
std::optional<std::string_view> take_quoted(std::string_view& text) {
    for (const auto& [opening, closing] : {std::pair<std::string_view, std::string_view>{"[[", "]]"}, {"['", "']"}}) {
        const auto end = text.find(closing);
        if (!text.starts_with(opening) || end == std::string_view::npos || end < opening.size())
            continue;
        const auto name = text.substr(opening.size(), end - opening.size());
        text.remove_prefix(end + closing.size());
        return name;
    }
    return std::nullopt;
}

} // namespace

std::optional<std::vector<std::string>> split_path(std::string_view text) {
    std::vector<std::string> path;
    bool name_due = true;
    while (!text.empty() || name_due) {
        if (const auto quoted = take_quoted(text)) {
            if (quoted->empty() || quoted->starts_with('['))
                return std::nullopt;
            path.emplace_back(*quoted);
            name_due = false;
        } else if (text.starts_with('[') && !name_due) {
            const auto end = text.find(']');
            if (end == std::string_view::npos || !index_in(text.substr(0, end + 1)))
                return std::nullopt;
            path.emplace_back(text.substr(0, end + 1));
            text.remove_prefix(end + 1);
        } else if (name_due) {
            const auto name = text.substr(0, text.find_first_of(".[]"));
            if (name.empty())
                return std::nullopt;
            path.emplace_back(name);
            text.remove_prefix(name.size());
            name_due = false;
        } else if (text.starts_with('.')) {
            text.remove_prefix(1);
            name_due = true;
        } else {
            return std::nullopt;
        }
    }
    return path;
}

value find_member(const json::value& document, const std::vector<std::string>& path) {
    const json::value* at = &document;
    for (const auto& step : path) {
        bool could = false;
        const auto* next = step_into(*at, step, could);
        if (next == nullptr)
            return could || at->is_null() ? value(missing()) : value(undefined());
        at = next;
    }
    return value_of(*at);
}

} // namespace capstan::hub::routing
