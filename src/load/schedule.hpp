#pragma once
#include <chrono>
#include <cstdint>

#include <capstan/amqp/types.hpp>

namespace capstan::load {

using amqp::steady_time;

/// When each message of a constant rate is meant to be sent, whether or not the server keeps up: latency counts from then, so that a
/// server that stops for a second is charged for all messages of that second, not for one (coordinated omission). Messages that fall
/// into one tick are meant for its end: the generator wakes once for them.
class schedule {
public:
    schedule(double per_second, std::chrono::nanoseconds tick) : per_second_(per_second), tick_(static_cast<double>(tick.count())) {}

    void start(steady_time now) { start_ = now; }
    /// How many messages are meant to have been sent by now.
    std::uint64_t due(steady_time now) const;
    steady_time time_of(std::uint64_t message) const;

private:
    double per_second_, tick_; ///< tick: ns
    steady_time start_{};
};

} // namespace capstan::load
