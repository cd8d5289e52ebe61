#include "cli/message_options.hpp"

#include <fstream>
#include <iostream>
#include <iterator>

#include <fmt/format.h>

#include "cli/failed.hpp"

namespace capstan::cli {
namespace {

std::string read_all(std::istream& from) { return {std::istreambuf_iterator<char>(from), {}}; }

std::string body_of(const message_options& options, std::string usual) {
    if (!options.file)
        return options.data.value_or(std::move(usual));
    if (*options.file == "-")
        return read_all(std::cin);
    std::ifstream file(*options.file, std::ios::binary);
    if (!file)
        throw failed(exit_usage, fmt::format("cannot read {}", *options.file));
    return read_all(file);
}

/// The short names of the standard's properties that az knows.
void put_property(message& into, std::string name, std::string value) {
    if (name == "$.ct")
        into.content_type(std::move(value));
    else if (name == "$.ce")
        into.content_encoding(std::move(value));
    else if (name == "$.mid")
        into.message_id(std::move(value));
    else if (name == "$.cid")
        into.correlation_id(std::move(value));
    else if (name == "$.uid")
        into.user_id(std::move(value));
    else
        into.property(std::move(name), std::move(value));
}

} // namespace

void add_message_options(CLI::App& command, message_options& options) {
    auto* data = command.add_option("--data,--da", options.data, "the body")->type_name("TEXT");
    command.add_option("--data-file-path,--dfp", options.file, "the body is what is in this file; '-': what stdin has")
        ->type_name("FILE")
        ->excludes(data);
    command
        .add_option("-p,--properties,--props", options.properties,
                    "name=value;name=value; $.ct, $.ce, $.mid, $.cid, $.uid are the system's")
        ->type_name("LIST");
    command.add_option("--content-type,--ct", options.content_type, "application/json, say")->type_name("TYPE");
    command.add_option("--content-encoding,--ce", options.content_encoding, "utf-8, say")->type_name("NAME");
    command.add_option("--message-id,--mid", options.message_id, "the message's id [made up]")->type_name("ID");
    command.add_option("--correlation-id,--cid", options.correlation_id, "what it is about")->type_name("ID");
    command.add_option("--user-id,--uid", options.user_id, "who it is from")->type_name("ID");
}

void each_property(const std::string& list, const std::function<void(std::string name, std::string value)>& take) {
    for (std::size_t from = 0; from < list.size();) {
        const auto end = std::min(list.find(';', from), list.size());
        const auto one = list.substr(from, end - from);
        const auto equals = one.find('=');
        if (equals == 0 || equals == one.npos)
            throw failed(exit_usage, fmt::format("--properties: '{}' is not name=value", one));
        take(one.substr(0, equals), one.substr(equals + 1));
        from = end + 1;
    }
}

message make_message(const message_options& options, std::string usual) {
    message made(body_of(options, std::move(usual)));
    each_property(options.properties, [&](std::string name, std::string value) { put_property(made, std::move(name), std::move(value)); });
    if (options.message_id)
        made.message_id(*options.message_id);
    if (options.correlation_id)
        made.correlation_id(*options.correlation_id);
    if (options.user_id)
        made.user_id(*options.user_id);
    if (options.content_type)
        made.content_type(*options.content_type);
    if (options.content_encoding)
        made.content_encoding(*options.content_encoding);
    return made;
}

} // namespace capstan::cli
