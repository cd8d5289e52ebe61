#pragma once
// The standard's error (part 2, section 2.8.14) and its conditions (sections 2.8.15 to 2.8.18), as text: peers add their own.

#include <string>
#include <string_view>

#include <capstan/amqp/types.hpp>

namespace capstan::amqp {

namespace condition {
inline constexpr std::string_view internal_error = "amqp:internal-error";
inline constexpr std::string_view not_found = "amqp:not-found";
inline constexpr std::string_view unauthorized_access = "amqp:unauthorized-access";
inline constexpr std::string_view decode_error = "amqp:decode-error";
inline constexpr std::string_view resource_limit_exceeded = "amqp:resource-limit-exceeded";
inline constexpr std::string_view not_allowed = "amqp:not-allowed";
inline constexpr std::string_view invalid_field = "amqp:invalid-field";
inline constexpr std::string_view not_implemented = "amqp:not-implemented";
inline constexpr std::string_view illegal_state = "amqp:illegal-state";
inline constexpr std::string_view frame_size_too_small = "amqp:frame-size-too-small";
inline constexpr std::string_view connection_forced = "amqp:connection:forced";
inline constexpr std::string_view framing_error = "amqp:connection:framing-error";
inline constexpr std::string_view window_violation = "amqp:session:window-violation";
inline constexpr std::string_view errant_link = "amqp:session:errant-link";
inline constexpr std::string_view handle_in_use = "amqp:session:handle-in-use";
inline constexpr std::string_view unattached_handle = "amqp:session:unattached-handle";
inline constexpr std::string_view detach_forced = "amqp:link:detach-forced";
inline constexpr std::string_view transfer_limit_exceeded = "amqp:link:transfer-limit-exceeded";
inline constexpr std::string_view message_size_exceeded = "amqp:link:message-size-exceeded";
inline constexpr std::string_view link_redirect = "amqp:link:redirect";
inline constexpr std::string_view link_stolen = "amqp:link:stolen";
} // namespace condition

/// An error to send, or one that was received. `info` is an encoded map with symbol keys, or empty.
struct error {
    std::string condition;
    std::string description;
    bytes info;

    error() = default;
    error(std::string_view condition_, std::string_view description_, bytes info_ = {})
        : condition(condition_), description(description_), info(std::move(info_)) {}
    explicit operator bool() const { return !condition.empty(); }
};

} // namespace capstan::amqp
