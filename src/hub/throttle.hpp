#pragma once
// How many operations of each kind a hub of one of Azure's tiers takes: for tests of how clients back off. contract/semantics.md,
// section 6.
//
// Each kind has a bucket that holds a minute's worth of its limit. What the bucket gives passes at once. Then operations wait for
// their turn at the rate of the limit, as in a queue; what would wait longer than ten seconds is refused. How large Azure's bucket
// and queue are nobody knows: its documentation says "the first minute or two", and its refusals "wait 10 seconds".

#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace capstan::hub {

enum class throttle_tier : std::uint8_t { none, s1, s2, s3 };
/// "none", "S1", "S2", "S3".
std::optional<throttle_tier> throttle_tier_of(std::string_view text);

enum class operation : std::uint8_t {
    registry,        ///< an identity is read, listed or changed; a bulk call counts each of its entries
    connection,      ///< a device or a module opens its first link on an AMQP connection
    telemetry,       ///< a delivery or a request, a batch is one
    command_send,    ///< a service sends a cloud-to-device message
    command_receive, ///< a device asks for one over HTTPS
    query,           ///< a page of a query over devices
};
constexpr std::size_t operation_count = 6;

/// What is told to who is refused: which operation, and to come back in ten seconds.
std::string throttled_text(operation what);

/// Thread-safe: it has a lock, which only hubs that are throttled take.
class throttle {
public:
    static constexpr std::chrono::seconds bucket{60}, queue{10};

    /// `tier` is not none; `units` at least 1.
    throttle(throttle_tier tier, std::uint32_t units);

    struct refused {};
    /// Takes the turns of `count` operations of a kind: how long the asker has to wait for them before it goes on. Nothing is taken
    /// when they are refused.
    std::expected<std::chrono::milliseconds, refused> take(operation what, wall_time now, std::size_t count = 1);

private:
    /// A bucket that is full, or has given some, or owes some: told by one time. It is that of an operation which came when the bucket
    /// was empty, and had to wait for nothing but those before it (ITU-T I.371's virtual scheduling).
    struct meter {
        std::chrono::nanoseconds interval{}; ///< between operations, at the limit
        std::chrono::sys_time<std::chrono::nanoseconds> next{};
    };
    std::mutex mutex_;
    std::array<meter, operation_count> meters_;
};

} // namespace capstan::hub
