#pragma once
// Fixed pieces of work whose instructions are counted (bench/instructions.py): one thread, no file, no socket, no clock, nothing
// random, so that a count repeats.

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

namespace capstan::bench {

/// False when something went wrong, and the count would mean nothing.
using work = std::move_only_function<bool()>;

struct scenario {
    std::string_view name;
    std::uint64_t items;          ///< of what is counted: messages, tokens, connections
    std::function<work()> prepare; ///< what is not counted; gives what is
};

std::span<const scenario> engine_scenarios();
std::span<const scenario> message_scenarios();
std::span<const scenario> hub_scenarios();

} // namespace capstan::bench
