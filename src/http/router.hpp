#pragma once
#include "http/exchange.hpp"

namespace capstan::http {

/// Finds the resource, checks api-version and the right that it needs, and lets it answer.
asio::awaitable<answer> route(context& in, const request& asked);

/// Splits a request's target: path segments, each decoded once, and query.
void parse_target(std::string_view target, request& into);

} // namespace capstan::http
