#pragma once
// The table of everything that can be set: the file, the environment, the flags and the help all come from it.

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/config.hpp"

namespace capstan::server {

/// A value as its origin gives it: typed by the file, text from a variable or a flag.
using raw_value = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;

struct setting {
    std::string_view key;  ///< section.key
    std::string_view form; ///< what a value looks like, for the help and for messages: "port", "duration", "text|json"
    std::string_view flag; ///< of `capstan serve`; empty: none
    std::string_view help;
    /// Checks the value and stores it. The error says what would be right; the caller adds where the value came from.
    std::expected<void, std::string> (*assign)(config& into, const raw_value& value);
    /// The value in the form in which a variable would give it; empty for one that has no default.
    std::string (*show)(const config& from);
};

std::span<const setting> all_settings();

/// Null if there is no such key.
const setting* find_setting(std::string_view key);

/// "90s", "15m", "500ms", "2d"; a bare number means seconds.
std::optional<std::chrono::milliseconds> duration_of(const std::string& text);

/// CAPSTAN_LISTEN__AMQPS_PORT for listen.amqps_port.
std::string variable_of(std::string_view key);

} // namespace capstan::server
