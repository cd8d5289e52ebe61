#pragma once
// Two clocks: wall time for what people and messages see (enqueued, expires), steady time for time-outs. Rules and state
// machines are handed the time as an argument; only server/ and cli/ read the real clocks.

#include <chrono>

namespace capstan {

/// Milliseconds since the Unix epoch, UTC: the resolution of AMQP's timestamp (part 1, section 1.6.17).
using wall_time = std::chrono::sys_time<std::chrono::milliseconds>;
using steady_time = std::chrono::steady_clock::time_point;

/// The wall clock of a hub. Thread-safe.
class wall_clock {
public:
    virtual ~wall_clock() = default;
    virtual wall_time now() const = 0;
};

class system_wall_clock final : public wall_clock {
public:
    wall_time now() const override { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }
};

} // namespace capstan
