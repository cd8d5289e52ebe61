#include "hub/conditions.hpp"

#include <boost/json.hpp>
#include <fmt/chrono.h>

#include "auth/random.hpp"

namespace capstan::hub {

std::string_view condition_of(errc code) {
    namespace condition = amqp::condition;
    switch (code) {
    case errc::argument_invalid:
    case errc::invalid_format:
    case errc::message_expiry_invalid: return "com.microsoft:argument-error";
    case errc::unauthorized:
    case errc::device_disabled: return condition::unauthorized_access;
    case errc::queue_depth_exceeded:
    case errc::too_many_tokens: return condition::resource_limit_exceeded;
    case errc::device_not_found:
    case errc::module_not_found:
    case errc::message_not_found:
    case errc::address_not_found: return condition::not_found;
    case errc::link_creation_conflict: return condition::link_stolen;
    case errc::message_lock_lost: return "com.microsoft:message-lock-lost";
    case errc::message_too_large: return condition::message_size_exceeded;
    case errc::throttled: return "com.microsoft:device-container-throttled";
    case errc::not_implemented: return condition::not_implemented;
    case errc::server_error: return condition::internal_error;
    case errc::server_busy: return "com.microsoft:server-busy";
    }
    return condition::internal_error;
}

std::string iso_time(wall_time time) {
    const auto ticks = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count() % 1000 * 10'000;
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:07}Z", fmt::gmtime(std::chrono::floor<std::chrono::seconds>(time)), ticks);
}

std::string tracking_id(wall_time now) {
    return fmt::format("{}-G:0-TimeStamp:{:%m/%d/%Y %H:%M:%S}", auth::random_hex(16),
                       fmt::gmtime(std::chrono::floor<std::chrono::seconds>(now)));
}

amqp::error describe(errc code, std::string_view message, wall_time now) {
    const boost::json::object text{
        {"errorCode", static_cast<int>(code)}, {"trackingId", tracking_id(now)}, {"message", message}, {"timestampUtc", iso_time(now)}};
    return amqp::error(condition_of(code), boost::json::serialize(text));
}

amqp::error describe(const store::failure& failure, wall_time now) {
    switch (failure.code) {
    case store::errc::full: return describe(errc::server_busy, "The hub's disk is full. Nothing was stored.", now);
    case store::errc::busy: return describe(errc::server_busy, "Too much waits for the hub's disk. Nothing was stored.", now);
    case store::errc::closed: return describe(errc::server_busy, "The hub is stopping.", now);
    case store::errc::not_found: return describe(errc::device_not_found, "The device is not registered.", now);
    case store::errc::failed:
    case store::errc::corrupt:
    case store::errc::already_exists:
    case store::errc::precondition_failed: break;
    }
    return describe(errc::server_error, "The hub's store failed. The message may not have been stored.", now);
}

} // namespace capstan::hub
