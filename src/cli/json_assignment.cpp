#include "cli/json_assignment.hpp"

#include <fmt/format.h>

#include "cli/failed.hpp"

namespace capstan::cli {

namespace json = boost::json;

void put_at(json::value& object, std::string_view path, json::value value) {
    json::value* place = &object;
    for (std::size_t from = 0; from <= path.size();) {
        const std::size_t dot = std::min(path.find('.', from), path.size());
        if (!place->is_object())
            place->emplace_object();
        place = &place->as_object()[path.substr(from, dot - from)];
        from = dot + 1;
    }
    *place = std::move(value);
}

void put_assignment(json::value& object, const std::string& assignment) {
    const std::size_t equals = assignment.find('=');
    if (equals == 0 || equals == std::string::npos)
        throw failed(exit_usage, fmt::format("--set {}: give it as KEY=VALUE", assignment));
    const std::string text = assignment.substr(equals + 1);
    boost::system::error_code not_json;
    json::value value = json::parse(text, not_json);
    put_at(object, assignment.substr(0, equals), not_json ? json::value(text) : std::move(value));
}

} // namespace capstan::cli
