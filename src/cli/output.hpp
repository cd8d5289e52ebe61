#pragma once
// What commands print: tables for people, JSON, lines of JSON and tab-separated values for scripts.

#include <span>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

namespace capstan::cli {

enum class output_form : std::uint8_t {
    text,  ///< one value as it is, or a sentence for people: of commands that have no table to show
    table,
    json,  ///< indented
    jsonl, ///< each value on a line of its own
    tsv,   ///< the table's cells between tabs, without its head; tab, line end and backslash inside are \t, \n and \\.
};

/// -o, --output. `form` holds what is usual; text can be chosen only where it is.
void add_output_option(CLI::App& command, output_form& form);

/// Of a table: its head, and where in a value its cell is (a JSON pointer).
struct column {
    const char* head;
    const char* pointer;
};

/// Indented by two spaces, with a line end.
std::string pretty_json(const boost::json::value& value);
/// On one line, without a line end.
std::string compact_json(const boost::json::value& value);

/// Columns as wide as their widest cell, two spaces between them, a line for each row. The first row is the head.
std::string table(const std::vector<std::vector<std::string>>& rows);

/// An object, or an array of objects, in the form asked for.
std::string formatted(output_form form, std::span<const column> columns, const boost::json::value& what);
void print(output_form form, std::span<const column> columns, const boost::json::value& what);

/// Of a command that has one thing to say: `text` as it is (with a line end, if it is not empty), or what is told in the other forms.
void print(output_form form, std::string_view text, std::span<const column> columns, const boost::json::value& told);

/// Of devices, as the hub gives them: without their keys.
extern const std::vector<column> device_columns;

} // namespace capstan::cli
