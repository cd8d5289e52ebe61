// What the log says of a request that was refused: one line, with the id that the client was told.

#include "support/captured_log.hpp"
#include "unit/http/hub_on_http.hpp"

namespace capstan::test {
namespace {

struct http_refusals_test : hub_on_http {
    captured_log log;
};

TEST_F(http_refusals_test, are_in_the_log_once_each_with_their_id) {
    struct row {
        http_request asked;
        std::string_view verdict, reason;
    };
    const row rows[] = {
        {request(verb::get, "/nothing?secret=x"), "404 GenericNotFound", "nothing at this path"},
        {request(verb::patch, "/devices" + version), "405 GenericMethodNotAllowed", "not allowed"},
        {request(verb::get, "/devices"), "400 InvalidProtocolVersion", "api-version"},
        {request(verb::get, "/devices" + version, {}, {}, token("service")), "401 IotHubUnauthorizedAccess", "no right"},
        {request(verb::get, "/devices" + version, {}, {}, "Basic x"), "401 IotHubUnauthorizedAccess", "token"},
        {request(verb::put, "/devices/dev1" + version, "{"), "400 IotHubFormatError", "not JSON"},
        {request(verb::get, "/devices/dev1" + version), "404 DeviceNotFound", "dev1"},
    };
    for (const auto& [asked, expected, reason] : rows) {
        SCOPED_TRACE(expected);
        client.reset(); // a peer has only some lines a second
        const auto given = ask(asked);
        EXPECT_EQ(verdict(given), expected);
        const std::string told(json_of(given).at("ExceptionMessage").as_string());
        const auto line = log.take();
        EXPECT_THAT(line, testing::HasSubstr("trackingId=\"" + told.substr(std::string_view("Tracking ID:").size()) + '"'));
        EXPECT_THAT(line, testing::HasSubstr("errorCode=" + std::string(given["iothub-errorcode"])));
        EXPECT_THAT(line, testing::HasSubstr(std::string(reason)));
        EXPECT_THAT(line, testing::Not(testing::HasSubstr("secret")));
        EXPECT_EQ(std::ranges::count(line, '\n'), 1);
    }
}

} // namespace
} // namespace capstan::test
