// What services do over HTTPS in place of links: send commands, and fetch feedback (contract/rest.md, section 7).

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/commands/command_center.hpp"
#include "hub/commands/feedback_center.hpp"
#include "hub/conditions.hpp"
#include "unit/http/hub_on_http.hpp"

namespace capstan::http {
namespace {

using test::field;
using test::verb;
using test::version;

class service_bound_test : public test::hub_on_http {
protected:
    service_bound_test() {
        for (const auto* path : {"/devices/dev1", "/devices/dev1/modules/m"})
            EXPECT_EQ(verdict(ask(verb::put, path + version, "{}")), "200");
        clock.advance(std::chrono::minutes(1));
    }
    using headers = std::vector<std::pair<std::string, std::string>>;
    std::string send(const headers& with, const std::string& body = "open", const std::string& to = "/devices/dev1",
                     const std::string& policy = "service") {
        auto made = request(verb::post, to + "/messages/deviceBound" + version, body, {}, token(policy));
        for (const auto& [name, value] : with)
            made.set(name, value);
        return verdict(ask(made));
    }
    /// Sends a command and purges it: that is feedback.
    void give_feedback(const std::string& id) {
        EXPECT_EQ(send({{"iothub-messageid", id}, {"iothub-ack", "full"}}), "204");
        EXPECT_EQ(verdict(ask(verb::delete_, "/devices/dev1/commands" + version)), "200");
    }
    test::http_response feedback(verb method = verb::get, const std::string& rest = {}, const std::string& policy = "service") {
        return ask(request(method, "/messages/serviceBound/feedback" + rest + version, {}, {}, token(policy)));
    }
    static std::string lock_of(const test::http_response& batch) {
        const std::string tag(batch[field::etag]);
        EXPECT_EQ(tag.size(), 38u) << tag;
        return tag.size() == 38 ? tag.substr(1, 36) : "";
    }
};

TEST_F(service_bound_test, a_command_gets_to_its_device_with_all_that_it_has) {
    const auto expires = hub::iso_time(clock.now() + std::chrono::minutes(5));
    EXPECT_EQ(send({{"iothub-messageid", "m1"},
                    {"iothub-correlationid", "c1"},
                    {"iothub-app-colour", "blue"},
                    {"iothub-ack", "full"},
                    {"iothub-contenttype", "text/plain"},
                    {"iothub-expiry", expires}}),
              "204");
    const auto got = ask(verb::get, "/devices/dev1/messages/deviceBound" + version); // as the owner
    EXPECT_EQ(got.body(), "open");
    const std::pair<const char*, std::string> expected[] = {{"iothub-messageid", "m1"},
                                                            {"iothub-correlationid", "c1"},
                                                            {"iothub-app-colour", "blue"},
                                                            {"iothub-ack", "full"},
                                                            {"iothub-contenttype", "text/plain"},
                                                            {"iothub-expiry", expires},
                                                            {"iothub-to", "/devices/dev1/messages/devicebound"}};
    for (const auto& [name, value] : expected)
        EXPECT_EQ(got[name], value) << name;
    EXPECT_EQ(send({}, "", "/devices/dev1/modules/m"), "204");
    EXPECT_EQ(instance->commands().waiting("dev1/m"), 1u);
}

TEST_F(service_bound_test, what_cannot_be_sent) {
    struct row {
        const char* what;
        headers with;
        std::string body, to, verdict;
    };
    const row rows[] = {
        {"unknown device", {}, "x", "/devices/none", "404 DeviceNotFound"},
        {"unknown module", {}, "x", "/devices/dev1/modules/none", "404 ModuleNotFound"},
        {"bad id", {{"iothub-messageid", "a/b"}}, "x", "/devices/dev1", "400 ArgumentInvalid"},
        {"bad property", {{"iothub-app-a", "b c"}}, "x", "/devices/dev1", "400 ArgumentInvalid"},
        {"bad ack", {{"iothub-ack", "loud"}}, "x", "/devices/dev1", "400 ArgumentInvalid"},
        {"no time", {{"iothub-expiry", "soon"}}, "x", "/devices/dev1", "400 ArgumentInvalid"},
        {"past", {{"iothub-expiry", "2001-01-01T00:00:00Z"}}, "x", "/devices/dev1", "400 ArgumentInvalid"},
        {"too large", {}, std::string(65 * 1024, 'x'), "/devices/dev1", "413 MessageTooLarge"},
    };
    for (const auto& each : rows)
        EXPECT_EQ(send(each.with, each.body, each.to), each.verdict) << each.what;
    for (std::size_t count = 0; count < settings.command_queue_depth; ++count)
        ASSERT_EQ(send({}), "204");
    EXPECT_EQ(send({}), "403 DeviceMaximumQueueDepthExceeded");
    EXPECT_EQ(verdict(ask(verb::put, "/devices/dev1" + version, R"({"status":"disabled"})", "*")), "200");
    EXPECT_EQ(send({}), "404 DeviceNotFound");
}

TEST_F(service_bound_test, need_the_right_of_a_service) {
    for (const auto* policy : {"device", "registryRead", "registryReadWrite"}) {
        EXPECT_EQ(send({}, "x", "/devices/dev1", policy), "401 IotHubUnauthorizedAccess") << policy;
        EXPECT_EQ(verdict(feedback(verb::get, {}, policy)), "401 IotHubUnauthorizedAccess") << policy;
        EXPECT_EQ(verdict(feedback(verb::delete_, "/x", policy)), "401 IotHubUnauthorizedAccess") << policy;
        EXPECT_EQ(verdict(feedback(verb::post, "/x/abandon", policy)), "401 IotHubUnauthorizedAccess") << policy;
    }
    EXPECT_EQ(send({}, "x", "/devices/dev1", "iothubowner"), "204");
}

TEST_F(service_bound_test, a_batch_is_taken_and_settled) {
    EXPECT_EQ(verdict(feedback()), "204");
    give_feedback("m1");
    const auto batch = feedback();
    EXPECT_EQ(batch.result_int(), 200u);
    EXPECT_EQ(batch[field::content_type], "application/vnd.microsoft.iothub.feedback.json; charset=utf-8");
    EXPECT_EQ(batch["iothub-enqueuedtime"], hub::iso_time(clock.now()));
    const auto records = boost::json::parse(batch.body()).as_array();
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].at("originalMessageId"), "m1");
    EXPECT_EQ(records[0].at("statusCode"), "Purged");
    EXPECT_EQ(verdict(feedback()), "204") << "it is locked";
    EXPECT_EQ(verdict(feedback(verb::post, "/" + lock_of(batch) + "/abandon")), "204");
    const auto again = feedback();
    EXPECT_EQ(again.body(), batch.body());
    EXPECT_NE(lock_of(again), lock_of(batch));
    EXPECT_EQ(verdict(feedback(verb::delete_, "/" + lock_of(batch))), "412 DeviceMessageLockLost");
    EXPECT_EQ(verdict(feedback(verb::delete_, "/%22" + lock_of(again) + "%22")), "204");
    EXPECT_EQ(verdict(feedback(verb::delete_, "/" + lock_of(again))), "412 DeviceMessageLockLost");
    EXPECT_EQ(verdict(feedback(verb::delete_, "/nonsense")), "412 DeviceMessageLockLost");
    EXPECT_EQ(verdict(feedback()), "204");
}

TEST_F(service_bound_test, a_batch_comes_again_when_its_lock_has_run_out) {
    give_feedback("m1");
    const auto batch = feedback();
    clock.advance(settings.feedback_lock);
    EXPECT_EQ(verdict(feedback(verb::delete_, "/" + lock_of(batch))), "412 DeviceMessageLockLost");
    std::promise<void> ticked;
    queue.post([&] {
        instance->tick(0);
        ticked.set_value();
    });
    ticked.get_future().get();
    EXPECT_EQ(verdict(feedback(verb::delete_, "/" + lock_of(feedback()))), "204");
}

} // namespace
} // namespace capstan::http
