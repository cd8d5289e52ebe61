#include "hub/throttle.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace capstan::hub {
namespace {

using namespace std::chrono_literals;

/// The larger of what a hub has and what each unit adds.
struct limit {
    std::uint64_t of_hub, of_unit;
    std::chrono::nanoseconds per;
};

/// contract/semantics.md, section 6: the table. By operation, in their order; of S1, S2 and S3.
constexpr limit limits[operation_count][3] = {
    {{0, 100, 1min}, {0, 100, 1min}, {0, 5'000, 1min}},     // registry
    {{100, 12, 1s}, {0, 120, 1s}, {0, 6'000, 1s}},          // connection
    {{100, 12, 1s}, {0, 120, 1s}, {0, 6'000, 1s}},          // telemetry
    {{0, 100, 1min}, {0, 100, 1min}, {0, 5'000, 1min}},     // command_send
    {{0, 1'000, 1min}, {0, 1'000, 1min}, {0, 50'000, 1min}}, // command_receive
    {{0, 20, 1min}, {0, 20, 1min}, {0, 1'000, 1min}},       // query
};

std::chrono::nanoseconds interval_of(const limit& of, std::uint32_t units) {
    return of.per / static_cast<std::int64_t>(std::max(of.of_hub, of.of_unit * units));
}

/// The first two have been seen (contract/semantics.md, 6; iothub-amqp.md, 5.5); the others are our own.
std::string_view name_of(operation what) {
    switch (what) {
    case operation::registry: return "CRUD";
    case operation::connection: return "AmqpLinkOpen";
    case operation::telemetry: return "DeviceToCloudSend";
    case operation::command_send: return "CloudToDeviceSend";
    case operation::command_receive: return "CloudToDeviceReceive";
    case operation::query: return "Query";
    }
    return "CRUD";
}

} // namespace

std::optional<throttle_tier> throttle_tier_of(std::string_view text) {
    constexpr std::string_view names[] = {"none", "S1", "S2", "S3"};
    const auto found = std::ranges::find(names, text);
    return found == std::end(names) ? std::nullopt : std::optional(static_cast<throttle_tier>(found - names));
}

std::string throttled_text(operation what) {
    return fmt::format("The request has been throttled. Wait {} seconds and try again. Operation type: {}", throttle::queue.count(),
                       name_of(what));
}

throttle::throttle(throttle_tier tier, std::uint32_t units) {
    const auto column = static_cast<std::size_t>(tier) - 1;
    for (std::size_t index = 0; index < operation_count; ++index)
        meters_[index].interval = interval_of(limits[index][column], units);
}

std::expected<std::chrono::milliseconds, throttle::refused> throttle::take(operation what, wall_time now, std::size_t count) {
    const std::lock_guard lock(mutex_);
    auto& [interval, next] = meters_[static_cast<std::size_t>(what)];
    // A clock that was set back must not leave anybody waiting longer than a full queue does.
    const std::chrono::sys_time<std::chrono::nanoseconds> at = now;
    next = std::clamp(next, at, at + bucket + queue);
    const auto after = next + static_cast<std::int64_t>(count) * interval;
    const auto wait = after - at - bucket;
    if (wait > queue)
        return std::unexpected(refused());
    next = after;
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(wait), 0ms);
}

} // namespace capstan::hub
