#include "client/classify.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/json.hpp>

namespace capstan::client {
namespace {

namespace condition = amqp::condition;

/// Conditions that are not in the standard, as IoT Hub and Event Hubs send them, beside those that are.
constexpr std::pair<std::string_view, errc> meanings[] = {
    {condition::unauthorized_access, errc::unauthorized},
    {condition::not_found, errc::not_found},
    {condition::resource_limit_exceeded, errc::quota_exceeded},
    {condition::message_size_exceeded, errc::message_too_large},
    {condition::not_allowed, errc::message_refused},
    {condition::invalid_field, errc::message_refused},
    {condition::decode_error, errc::message_refused},
    {condition::not_implemented, errc::message_refused},
    {condition::link_stolen, errc::stolen},
    {condition::connection_forced, errc::hub_unavailable},
    {condition::detach_forced, errc::hub_unavailable},
    {condition::internal_error, errc::hub_unavailable},
    {"com.microsoft:message-lock-lost", errc::lock_lost},
    {"com.microsoft:device-container-throttled", errc::throttled},
    {"com.microsoft:server-busy", errc::throttled},
    {"com.microsoft:timeout", errc::hub_unavailable},
    {"com.microsoft:argument-error", errc::message_refused},
    {"com.microsoft:argument-out-of-range", errc::message_refused},
    {"com.microsoft:auth-failed", errc::unauthorized},
    {"com.microsoft:entity-disabled", errc::unauthorized},
    {"com.microsoft:precondition-failed", errc::precondition_failed},
};

/// IoT Hub's descriptions are JSON: {"errorCode":..,"trackingId":..,"message":..}.
std::string words_of(const std::string& description) {
    if (!description.starts_with('{'))
        return description;
    boost::system::error_code error;
    const auto parsed = boost::json::parse(description, error);
    if (error || !parsed.is_object())
        return description;
    const auto* words = parsed.as_object().if_contains("message");
    return words && words->is_string() ? std::string(words->as_string()) : description;
}

} // namespace

client_error classify(const amqp::error& from_peer) {
    for (const auto& [name, code] : meanings)
        if (from_peer.condition == name)
            return client_error(code, words_of(from_peer.description), from_peer.condition);
    return client_error(errc::hub_unavailable, words_of(from_peer.description), from_peer.condition);
}

bool passes_by_itself(const amqp::error& from_peer) {
    constexpr std::string_view those[] = {condition::internal_error, "com.microsoft:server-busy", "com.microsoft:timeout",
                                          "com.microsoft:device-container-throttled"};
    return std::ranges::find(those, from_peer.condition) != std::end(those);
}

client_error classify_status(int status, std::string_view description) {
    const std::string text(description), condition = std::to_string(status);
    switch (status) {
    case 400: return client_error(errc::message_refused, text, condition);
    case 401:
    case 403: return client_error(errc::unauthorized, text, condition);
    case 404: return client_error(errc::not_found, text, condition);
    case 409: return client_error(errc::already_exists, text, condition);
    case 412: return client_error(errc::precondition_failed, text, condition);
    case 413: return client_error(errc::message_too_large, text, condition);
    case 429: return client_error(errc::throttled, text, condition);
    default: return client_error(status >= 500 ? errc::hub_unavailable : errc::message_refused, text, condition);
    }
}

} // namespace capstan::client
