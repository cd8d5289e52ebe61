#pragma once
// Errors in the shape of Azure's: contract/rest.md, section 2.

#include "http/exchange.hpp"

namespace capstan::http {

enum class errc : std::uint8_t {
    invalid_protocol_version,
    argument_invalid,
    argument_null,
    invalid_format,
    device_defined_twice,
    bad_request, ///< no HTTP
    unauthorized,
    device_not_found,
    module_not_found,
    module_already_exists,
    too_many_modules,
    message_too_large,
    message_not_found,
    path_not_found,
    method_not_allowed,
    device_already_exists,
    consumer_group_not_found,
    job_not_found,
    job_quota_exceeded,
    consumer_group_exists,
    certificate_not_found,
    certificate_exists,
    quota_exceeded,
    queue_depth_exceeded,
    precondition_failed,
    message_lock_lost,
    body_too_large,
    header_too_large,
    throttled,
    bulk_failure,
    server_error,
    service_unavailable,
};

status status_of(errc code);
/// The name in the body and in the header iothub-errorcode.
std::string_view name_of(errc code);

/// {"Message":"ErrorCode:{name};{text}","ExceptionMessage":"Tracking ID:…"}. The text must not be empty: Node's client loses the code
/// of an error without one.
answer error_answer(errc code, std::string_view text, wall_time now);
answer error_answer(const hub::registry_refusal& why, wall_time now);
errc code_of(hub::registry_refusal::reason why);

/// None when there is the device, or the module, that the path is about.
std::optional<answer> no_holder(const context& in, const request& asked);

} // namespace capstan::http
