// Modules over REST: contract/rest.md, section 3.

#include "unit/http/hub_on_http.hpp"

namespace capstan::http {
namespace {

using test::field;
using test::verb;
using test::version;

class modules_test : public test::hub_on_http {
protected:
    modules_test() { EXPECT_EQ(verdict(ask(verb::put, "/devices/dev1" + version, "{}")), "200"); }
    test::http_response change(verb how, const std::string& module, std::optional<std::string> if_match = {}, std::string body = "{}") {
        return ask(how, "/devices/dev1/modules/" + module + version, how == verb::put ? body : "", std::move(if_match));
    }
};

TEST_F(modules_test, are_made_changed_and_removed) {
    const auto made = change(verb::put, "m");
    EXPECT_EQ(verdict(made), "200");
    const std::string etag(made[field::etag]);
    EXPECT_EQ(json_of(made).at("moduleId").as_string(), "m");
    EXPECT_EQ(verdict(change(verb::put, "m")), "409 ModuleAlreadyExistsOnDevice");
    EXPECT_EQ(verdict(change(verb::put, "m", etag, R"({"managedBy":"me"})")), "200");
    EXPECT_EQ(verdict(change(verb::put, "m", etag)), "412 PreconditionFailed") << "it has another etag now";
    EXPECT_EQ(verdict(change(verb::delete_, "m", etag)), "412 PreconditionFailed");
    EXPECT_EQ(verdict(change(verb::put, "n", "\"*\"")), "404 ModuleNotFound");
    EXPECT_EQ(verdict(change(verb::delete_, "n", "\"*\"")), "404 ModuleNotFound");
    EXPECT_EQ(verdict(change(verb::get, "n")), "404 ModuleNotFound");
    EXPECT_EQ(json_of(ask(verb::get, "/devices/dev1/modules" + version)).as_array().size(), 1u);
    EXPECT_EQ(verdict(change(verb::delete_, "m", "\"*\"")), "204");
    EXPECT_EQ(verdict(change(verb::get, "m")), "404 ModuleNotFound");
}

TEST_F(modules_test, a_device_that_is_not_there_is_told_from_a_module_that_is_not) {
    for (const auto how : {verb::get, verb::put, verb::delete_})
        EXPECT_EQ(verdict(ask(how, "/devices/nobody/modules/m" + version, how == verb::put ? "{}" : "")), "404 DeviceNotFound");
    EXPECT_EQ(verdict(ask(verb::get, "/devices/nobody/modules" + version)), "404 DeviceNotFound");
}

TEST_F(modules_test, what_is_wrong_is_refused) {
    EXPECT_EQ(verdict(change(verb::put, "m", {}, "{")), "400 IotHubFormatError");
    EXPECT_EQ(verdict(change(verb::put, "m", {}, R"({"moduleId":"n"})")), "400 ArgumentInvalid");
    EXPECT_EQ(verdict(change(verb::put, "m%20n")), "400 ArgumentInvalid");
}

TEST_F(modules_test, there_are_fifty_at_most) {
    for (std::size_t number = 0; number < store::modules_max; ++number)
        ASSERT_EQ(verdict(change(verb::put, "m" + std::to_string(number))), "200");
    EXPECT_EQ(verdict(change(verb::put, "more")), "413 TooManyModulesOnDevice");
}

} // namespace
} // namespace capstan::http
