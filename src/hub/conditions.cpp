#include "hub/conditions.hpp"

#include <boost/json.hpp>
#include <capstan/amqp/value.hpp>
#include <fmt/chrono.h>

#include "auth/random.hpp"

namespace capstan::hub {

namespace {

constexpr auto *error_code_key = "com.microsoft:error-code", *tracking_id_key = "com.microsoft:tracking-id";

std::string between(std::string_view text, std::string_view before, std::string_view end) {
    const auto from = text.find(before);
    if (from == text.npos)
        return "-";
    text.remove_prefix(from + before.size());
    return std::string(text.substr(0, text.find(end)));
}

error_marks marks_in_info(const amqp::error& why) {
    const auto decoded = amqp::decode_value({why.info});
    const auto* map = decoded ? decoded->get<amqp::map>() : nullptr;
    const auto* code = map ? map->find(error_code_key) : nullptr;
    const auto* id = map ? map->find(tracking_id_key) : nullptr;
    return {code ? std::to_string(code->integer().value_or(0)) : "-", id ? std::string(id->text().value_or("-")) : "-", why.description};
}

} // namespace

std::string_view condition_of(errc code) {
    namespace condition = amqp::condition;
    switch (code) {
    case errc::invalid_format: return condition::decode_error;
    case errc::argument_invalid:
    case errc::message_expiry_invalid: return "com.microsoft:argument-error";
    case errc::unauthorized:
    case errc::token_expired:
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

errc code_of(std::string_view condition) {
    using enum errc;
    constexpr std::array numbers{
        std::pair(amqp::condition::link_stolen, link_creation_conflict),
        std::pair(amqp::condition::message_size_exceeded, message_too_large),
        std::pair(amqp::condition::resource_limit_exceeded, too_many_tokens),
        std::pair(amqp::condition::not_implemented, not_implemented),
        std::pair(amqp::condition::unauthorized_access, unauthorized),
    };
    const auto found = std::ranges::find(numbers, condition, [](const auto& each) { return each.first; });
    return found == numbers.end() ? invalid_format : found->second;
}

std::string iso_time(wall_time time) {
    const auto ticks = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count() % 1000 * 10'000;
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:07}Z", fmt::gmtime(std::chrono::floor<std::chrono::seconds>(time)), ticks);
}

std::string tracking_id(wall_time now) {
    return fmt::format("{}-G:0-TimeStamp:{:%m/%d/%Y %H:%M:%S}", auth::random_hex(16),
                       fmt::gmtime(std::chrono::floor<std::chrono::seconds>(now)));
}

amqp::error describe(errc code, std::string_view message, wall_time now) { return describe(code, condition_of(code), message, now); }

amqp::error describe(errc code, std::string_view condition, std::string_view message, wall_time now) {
    const boost::json::object text{
        {"errorCode", static_cast<int>(code)}, {"trackingId", tracking_id(now)}, {"message", message}, {"timestampUtc", iso_time(now)}};
    return amqp::error(condition, boost::json::serialize(text));
}

amqp::error describe_as_event_hub(std::string_view condition, std::string_view sentence, wall_time now) {
    return amqp::error(
        condition, fmt::format("{} TrackingId:{}_G0, SystemTracker:gateway, Timestamp:{}", sentence, auth::random_hex(16), iso_time(now)));
}

amqp::error describe_verbatim(errc code, std::string_view sentence, wall_time now) {
    amqp::map info;
    info.entries.emplace_back(amqp::symbol{error_code_key}, static_cast<std::int32_t>(code));
    info.entries.emplace_back(amqp::symbol{tracking_id_key}, tracking_id(now));
    return amqp::error(condition_of(code), sentence, amqp::encode(amqp::value(std::move(info))));
}

error_marks marks_of(const amqp::error& why) {
    if (!why.info.empty())
        return marks_in_info(why);
    const std::string_view text = why.description;
    if (text.starts_with('{'))
        return {between(text, R"("errorCode":)", ","), between(text, R"("trackingId":")", "\""),
                between(text, R"("message":")", R"(","timestampUtc")")};
    return {"-", between(text, " TrackingId:", ","), std::string(text.substr(0, text.find(" TrackingId:")))};
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
    case store::errc::precondition_failed:
    case store::errc::too_many: break;
    }
    return describe(errc::server_error, "The hub's store failed. The message may not have been stored.", now);
}

} // namespace capstan::hub
