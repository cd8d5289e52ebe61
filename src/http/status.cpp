#include "http/status.hpp"

#include <fmt/format.h>

#include "hub/conditions.hpp"

namespace capstan::http {

status status_of(errc code) {
    switch (code) {
    case errc::invalid_protocol_version:
    case errc::argument_invalid:
    case errc::argument_null:
    case errc::invalid_format:
    case errc::device_defined_twice:
    case errc::bad_request:
    case errc::bulk_failure: return status::bad_request;
    case errc::unauthorized: return status::unauthorized;
    case errc::device_not_found:
    case errc::module_not_found:
    case errc::message_not_found:
    case errc::consumer_group_not_found:
    case errc::certificate_not_found:
    case errc::job_not_found:
    case errc::path_not_found: return status::not_found;
    case errc::method_not_allowed: return status::method_not_allowed;
    case errc::consumer_group_exists:
    case errc::certificate_exists:
    case errc::module_already_exists:
    case errc::device_already_exists: return status::conflict;
    case errc::queue_depth_exceeded:
    case errc::job_quota_exceeded:
    case errc::quota_exceeded: return status::forbidden;
    case errc::message_lock_lost:
    case errc::precondition_failed: return status::precondition_failed;
    case errc::too_many_modules:
    case errc::message_too_large:
    case errc::body_too_large: return status::payload_too_large;
    case errc::header_too_large: return status::request_header_fields_too_large;
    case errc::throttled: return status::too_many_requests;
    case errc::server_error: return status::internal_server_error;
    case errc::service_unavailable: return status::service_unavailable;
    }
    return status::internal_server_error;
}

std::string_view name_of(errc code) {
    switch (code) {
    case errc::invalid_protocol_version: return "InvalidProtocolVersion";
    case errc::argument_invalid: return "ArgumentInvalid";
    case errc::argument_null: return "ArgumentNull";
    case errc::invalid_format: return "IotHubFormatError";
    case errc::device_defined_twice: return "DeviceDefinedMultipleTimes";
    case errc::bad_request: return "GenericBadRequest";
    case errc::unauthorized: return "IotHubUnauthorizedAccess";
    case errc::device_not_found: return "DeviceNotFound";
    case errc::module_not_found: return "ModuleNotFound";
    case errc::message_not_found: return "MessageNotFound";
    case errc::module_already_exists: return "ModuleAlreadyExistsOnDevice";
    case errc::too_many_modules: return "TooManyModulesOnDevice";
    case errc::message_too_large: return "MessageTooLarge";
    case errc::path_not_found: return "GenericNotFound";
    case errc::method_not_allowed: return "GenericMethodNotAllowed";
    case errc::consumer_group_not_found: return "ConsumerGroupNotFound";
    case errc::job_not_found: return "JobNotFound";
    case errc::job_quota_exceeded: return "JobQuotaExceeded";
    case errc::consumer_group_exists: return "ConsumerGroupAlreadyExists";
    case errc::queue_depth_exceeded: return "DeviceMaximumQueueDepthExceeded";
    case errc::certificate_not_found: return "CertificateNotFound";
    case errc::certificate_exists: return "CertificateAlreadyExists";
    case errc::quota_exceeded: return "IotHubQuotaExceeded";
    case errc::device_already_exists: return "DeviceAlreadyExists";
    case errc::precondition_failed: return "PreconditionFailed";
    case errc::message_lock_lost: return "DeviceMessageLockLost";
    case errc::body_too_large: return "GenericRequestEntityTooLarge";
    case errc::header_too_large: return "GenericRequestHeaderFieldsTooLarge";
    case errc::throttled: return "ThrottlingException";
    case errc::bulk_failure: return "BulkRegistryOperationFailure";
    case errc::server_error: return "ServerError";
    case errc::service_unavailable: return "ServiceUnavailable";
    }
    return "ServerError";
}

answer error_answer(errc code, std::string_view text, wall_time now) {
    answer result;
    result.status = status_of(code);
    result.refused = {.code = name_of(code), .tracking_id = hub::tracking_id(now), .reason = std::string(text)};
    result.body = boost::json::object{{"Message", fmt::format("ErrorCode:{};{}", name_of(code), text)},
                                      {"ExceptionMessage", "Tracking ID:" + result.refused->tracking_id}};
    result.headers.emplace_back("iothub-errorcode", name_of(code));
    return result;
}

errc code_of(hub::registry_refusal::reason why) {
    using reason = hub::registry_refusal::reason;
    switch (why) {
    case reason::malformed: return errc::invalid_format;
    case reason::invalid: return errc::argument_invalid;
    case reason::not_found: return errc::device_not_found;
    case reason::already_exists: return errc::device_already_exists;
    case reason::precondition_failed: return errc::precondition_failed;
    case reason::too_many: return errc::too_many_modules;
    case reason::unavailable: return errc::service_unavailable;
    }
    return errc::server_error;
}

answer error_answer(const hub::registry_refusal& why, wall_time now) { return error_answer(code_of(why.why), why.text, now); }

std::optional<answer> no_holder(const context& in, const request& asked) {
    const auto now = in.hub.clock().now();
    if (!in.hub.registry().find(asked.path[1]))
        return error_answer(errc::device_not_found, asked.path[1], now);
    if (!in.hub.registry().find(asked.holder()))
        return error_answer(errc::module_not_found, asked.holder(), now);
    return std::nullopt;
}

} // namespace capstan::http
