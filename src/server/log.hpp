#pragma once
#include <memory>
#include <string_view>

#include <spdlog/formatter.h>

#include "server/config.hpp"

namespace capstan::server {

/// Sends spdlog's default logger to stderr, a line for each message: "time level text" or a JSON object. Who logs takes care that
/// no key and no token is in the text.
void start_logging(const config::log_section& settings);

/// "text" or "json". Both escape control characters, so that a peer's text cannot forge a line.
std::unique_ptr<spdlog::formatter> make_log_formatter(std::string_view format);

} // namespace capstan::server
