#include "cli/output.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace capstan::cli {
namespace {

namespace json = boost::json;

void put_json(std::string& to, const json::value& value, std::size_t depth);

/// `put_element` writes the element and moves to the next; `brackets` are the opening and the closing one.
template<class Range, class Put>
void put_elements(std::string& to, const Range& elements, std::string_view brackets, std::size_t depth, Put put_element) {
    to += brackets[0];
    bool first = true;
    for (const auto& element : elements) {
        to += first ? "\n" : ",\n";
        to.append(2 * (depth + 1), ' ');
        put_element(element);
        first = false;
    }
    if (!first)
        to.append("\n").append(2 * depth, ' ');
    to += brackets[1];
}

/// The depth is bounded by Boost.JSON's parser, from which the value comes.
void put_json(std::string& to, const json::value& value, std::size_t depth) {
    if (const auto* object = value.if_object())
        return put_elements(to, *object, "{}", depth, [&](const json::key_value_pair& member) {
            to += json::serialize(json::string(member.key())) + ": ";
            put_json(to, member.value(), depth + 1);
        });
    if (const auto* array = value.if_array())
        return put_elements(to, *array, "[]", depth, [&](const json::value& element) { put_json(to, element, depth + 1); });
    to += json::serialize(value);
}

/// The text at object.first[.second]; empty for what is not there or null.
std::string cell(const json::value& object, std::string_view pointer) {
    boost::system::error_code missing;
    const json::value* found = object.find_pointer(pointer, missing);
    if (found == nullptr || found->is_null())
        return {};
    return found->is_string() ? std::string(found->as_string()) : json::serialize(*found);
}

} // namespace

std::string pretty_json(const json::value& value) {
    std::string text;
    put_json(text, value, 0);
    return text + "\n";
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], row[i].size());
    }
    std::string text;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i)
            line += fmt::format("{:<{}}", row[i], widths[i] + 2);
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

std::string device_table(const json::array& devices) {
    std::vector<std::vector<std::string>> rows = {{"DEVICE", "STATUS", "CONNECTION", "AUTHENTICATION", "EDGE", "WAITING", "LAST ACTIVITY"}};
    for (const json::value& device : devices)
        rows.push_back({cell(device, "/deviceId"), cell(device, "/status"), cell(device, "/connectionState"),
                        cell(device, "/authentication/type"), cell(device, "/capabilities/iotEdge"),
                        cell(device, "/cloudToDeviceMessageCount"), cell(device, "/lastActivityTime")});
    return table(rows);
}

} // namespace capstan::cli
