#include "http/status.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace capstan::http {
namespace {

struct row {
    errc code;
    unsigned status;
    std::string_view name;
};
constexpr row rows[] = {
    {errc::invalid_protocol_version, 400, "InvalidProtocolVersion"},
    {errc::argument_invalid, 400, "ArgumentInvalid"},
    {errc::argument_null, 400, "ArgumentNull"},
    {errc::invalid_format, 400, "IotHubFormatError"},
    {errc::device_defined_twice, 400, "DeviceDefinedMultipleTimes"},
    {errc::bad_request, 400, "GenericBadRequest"},
    {errc::unauthorized, 401, "IotHubUnauthorizedAccess"},
    {errc::device_not_found, 404, "DeviceNotFound"},
    {errc::path_not_found, 404, "GenericNotFound"},
    {errc::method_not_allowed, 405, "GenericMethodNotAllowed"},
    {errc::device_already_exists, 409, "DeviceAlreadyExists"},
    {errc::precondition_failed, 412, "PreconditionFailed"},
    {errc::body_too_large, 413, "GenericRequestEntityTooLarge"},
    {errc::header_too_large, 431, "GenericRequestHeaderFieldsTooLarge"},
    {errc::queue_depth_exceeded, 403, "DeviceMaximumQueueDepthExceeded"},
    {errc::throttled, 429, "ThrottlingException"},
    {errc::bulk_failure, 400, "BulkRegistryOperationFailure"},
    {errc::server_error, 500, "ServerError"},
    {errc::service_unavailable, 503, "ServiceUnavailable"},
};

TEST(status_test, each_error_has_its_status_and_name) {
    for (const auto& [code, status, name] : rows) {
        EXPECT_EQ(static_cast<unsigned>(status_of(code)), status) << name;
        EXPECT_EQ(name_of(code), name);
    }
}

TEST(status_test, an_error_says_its_code_twice_and_can_be_traced) {
    const auto given = error_answer(errc::device_not_found, "dev1", wall_time(std::chrono::seconds(1'700'000'000)));
    EXPECT_EQ(given.status, status::not_found);
    EXPECT_EQ(given.body->at("Message").as_string(), "ErrorCode:DeviceNotFound;dev1");
    EXPECT_THAT(std::string(given.body->at("ExceptionMessage").as_string()),
                testing::MatchesRegex("Tracking ID:[0-9a-f]{32}-G:0-TimeStamp:11/14/2023 22:13:20"));
    EXPECT_THAT(given.headers, testing::ElementsAre(testing::Pair("iothub-errorcode", "DeviceNotFound")));
}

} // namespace
} // namespace capstan::http
