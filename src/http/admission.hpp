#pragma once
#include "http/exchange.hpp"
#include "hub/throttle.hpp"

namespace capstan::http {

/// Takes the turns of `count` operations from the hub's throttle, if it has one, and waits for them. None when they may go on; else
/// the answer: 429, and when to come back.
asio::awaitable<std::optional<answer>> admit(context& in, hub::operation what, std::size_t count = 1);

} // namespace capstan::http
