#pragma once
// What a message is made of on the command line.

#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include <capstan/message.hpp>

namespace capstan::cli {

struct message_options {
    std::optional<std::string> data, file;
    std::string properties; ///< "name=value;name=value"; $.ct, $.ce, $.mid, $.cid and $.uid are the standard's own
    std::optional<std::string> message_id, correlation_id, user_id, content_type, content_encoding;
};

void add_message_options(CLI::App& command, message_options& options);

/// `usual` is the body of one that none was given for. Throws `failed`.
message make_message(const message_options& options, std::string usual);

/// "a=1;b=2" one after the other. Throws `failed` for what is no such list.
void each_property(const std::string& list, const std::function<void(std::string name, std::string value)>& take);

} // namespace capstan::cli
