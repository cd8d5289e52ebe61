#include "cli/output.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace capstan::cli {
namespace {

namespace json = boost::json;

/// Boost.JSON writes 2.14E1 where people write 21.4.
std::string plain_number(double number) {
    auto text = fmt::format("{}", number);
    return text.find_first_of(".en") == text.npos ? text + ".0" : text;
}

/// JSON in the shape that people and scripts expect. The depth is bounded by Boost.JSON's parser, from which the value comes.
class json_writer {
public:
    explicit json_writer(bool indented) : indented_(indented) {}

    std::string write(const json::value& value) && {
        put(value, 0);
        return std::move(text_);
    }

private:
    void put(const json::value& value, std::size_t depth) {
        if (const auto* object = value.if_object())
            return put_elements(*object, "{}", depth, [&](const json::key_value_pair& member) {
                text_ += json::serialize(json::string(member.key())) + (indented_ ? ": " : ":");
                put(member.value(), depth + 1);
            });
        if (const auto* array = value.if_array())
            return put_elements(*array, "[]", depth, [&](const json::value& element) { put(element, depth + 1); });
        const auto* number = value.if_double();
        text_ += number != nullptr ? plain_number(*number) : json::serialize(value);
    }

    /// `brackets` are the opening and the closing one.
    template<class Range, class Put>
    void put_elements(const Range& elements, std::string_view brackets, std::size_t depth, Put put_element) {
        text_ += brackets[0];
        bool first = true;
        for (const auto& element : elements) {
            if (!std::exchange(first, false))
                text_ += ',';
            new_line(depth + 1);
            put_element(element);
        }
        if (!first)
            new_line(depth);
        text_ += brackets[1];
    }
    void new_line(std::size_t depth) {
        if (indented_)
            text_.append("\n").append(2 * depth, ' ');
    }

    const bool indented_;
    std::string text_;
};

/// The text at the pointer; empty for what is not there or null.
std::string cell(const json::value& object, std::string_view pointer) {
    boost::system::error_code missing;
    const json::value* found = object.find_pointer(pointer, missing);
    if (found == nullptr || found->is_null())
        return {};
    return found->is_string() ? std::string(found->as_string()) : json_writer(false).write(*found);
}

std::vector<std::string> cells(std::span<const column> columns, const json::value& of) {
    std::vector<std::string> row;
    for (const auto& each : columns)
        row.push_back(cell(of, each.pointer));
    return row;
}

std::string head_and_rows(std::span<const column> columns, std::span<const json::value> values) {
    std::vector<std::vector<std::string>> rows(1);
    for (const auto& each : columns)
        rows[0].emplace_back(each.head);
    for (const auto& each : values)
        rows.push_back(cells(columns, each));
    return table(rows);
}

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        switch (c) {
        case '\t': safe += "\\t"; break;
        case '\n': safe += "\\n"; break;
        case '\r': safe += "\\r"; break;
        case '\\': safe += "\\\\"; break;
        default: safe += c;
        }
    }
    return safe;
}

std::string tab_separated(std::span<const column> columns, const json::value& of) {
    auto row = cells(columns, of);
    for (auto& each : row)
        each = escaped(each);
    return fmt::format("{}\n", fmt::join(row, "\t"));
}

} // namespace

std::string pretty_json(const json::value& value) { return json_writer(true).write(value) + "\n"; }
std::string compact_json(const json::value& value) { return json_writer(false).write(value); }

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

void add_output_option(CLI::App& command, output_form& form) {
    static const std::map<std::string, output_form> names = {{"text", output_form::text},
                                                             {"table", output_form::table},
                                                             {"json", output_form::json},
                                                             {"jsonl", output_form::jsonl},
                                                             {"tsv", output_form::tsv}};
    const auto usual = std::ranges::find(names, form, &decltype(names)::value_type::second)->first;
    const auto choose = [&form](const std::string& name) { form = names.at(name); };
    std::vector<std::string> forms{"table", "json", "jsonl", "tsv"};
    if (form == output_form::text)
        forms.insert(forms.begin(), "text");
    command.add_option_function<std::string>("-o,--output", choose, fmt::format("how to print it [{}]", usual))
        ->check(CLI::IsMember(forms))
        ->type_name("FORM");
}

std::string formatted(output_form form, std::span<const column> columns, const json::value& what) {
    if (form == output_form::json)
        return pretty_json(what);
    const std::span<const json::value> values =
        what.is_array() ? std::span<const json::value>(what.as_array().begin(), what.as_array().end()) : std::span(&what, 1);
    if (form == output_form::table)
        return head_and_rows(columns, values);
    std::string text;
    for (const auto& each : values)
        text += form == output_form::jsonl ? compact_json(each) + "\n" : tab_separated(columns, each);
    return text;
}

void print(output_form form, std::span<const column> columns, const json::value& what) { fmt::print("{}", formatted(form, columns, what)); }

void print(output_form form, std::string_view text, std::span<const column> columns, const json::value& told) {
    if (form != output_form::text)
        return print(form, columns, told);
    if (!text.empty())
        fmt::print("{}\n", text);
}

const std::vector<column> device_columns = {{"DEVICE", "/deviceId"},
                                            {"STATUS", "/status"},
                                            {"CONNECTION", "/connectionState"},
                                            {"AUTHENTICATION", "/authentication/type"},
                                            {"EDGE", "/capabilities/iotEdge"},
                                            {"WAITING", "/cloudToDeviceMessageCount"},
                                            {"LAST ACTIVITY", "/lastActivityTime"}};

} // namespace capstan::cli
