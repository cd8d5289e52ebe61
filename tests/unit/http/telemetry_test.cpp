// Telemetry over HTTPS, as Azure's Node and .NET device SDKs post it (contract/rest.md, section 10).

#include <future>

#include <capstan/amqp/message.hpp>

#include "unit/http/hub_on_http.hpp"

namespace capstan::http {
namespace {

using test::field;
using test::verb;
using test::version;

class telemetry_test : public test::hub_on_http {
protected:
    telemetry_test() { EXPECT_EQ(verdict(ask(verb::put, "/devices/dev1" + version, "{}")), "200"); }

    std::string post(const std::string& body, const std::vector<std::pair<std::string, std::string>>& headers = {},
                     const std::string& path = "/devices/dev1/messages/events") {
        auto asked = request(verb::post, path + version, body, {}, token("device"));
        for (const auto& [name, value] : headers)
            asked.set(name, value);
        return verdict(ask(asked));
    }
    std::string post_batch(const std::string& body) { return post(body, {{"Content-Type", "application/vnd.microsoft.iothub.json"}}); }

    std::vector<bytes> stored() {
        std::promise<std::vector<bytes>> all;
        instance->store().telemetry().read(0, 0, {.events = 1000, .bytes = 1u << 20},
                                           {queue, [&](store::outcome<store::event_block> block) {
                                                std::vector<bytes> messages;
                                                for (const auto& each : block->events)
                                                    messages.emplace_back(each.message.begin(), each.message.end());
                                                all.set_value(std::move(messages));
                                            }});
        return all.get_future().get();
    }
    /// Application properties and body of the last event: {"a": "1"} body.
    std::string last() {
        const auto all = stored();
        const auto message = amqp::message_view::parse(all.back()).value();
        const auto application = amqp::decode_value(message.application_properties().content);
        return (application ? amqp::to_text(*application) : "") + ' ' + std::string(amqp::as_text(message.joined_data()));
    }
    amqp::message_properties properties_of(const bytes& event) {
        return amqp::read_properties(amqp::message_view::parse(event)->properties().content).value();
    }
};

TEST_F(telemetry_test, counts_as_telemetry_that_comes_in) {
    EXPECT_EQ(post(std::string(1000, 'x')), "204");
    EXPECT_GT(instance->intake().ended(), 1000u);
    EXPECT_LT(instance->intake().ended(), 2000u);
    EXPECT_FALSE(instance->intake().presses());
}

TEST_F(telemetry_test, one_message_with_what_its_headers_say) {
    EXPECT_EQ(post("hot", {{"IoTHub-MessageId", "m1"}, {"iothub-app-level", "3"}, {"iothub-contenttype", "text/plain"}}), "204");
    EXPECT_EQ(last(), R"({"level": "3"} hot)");
    const auto all = stored();
    const auto properties = properties_of(all.back());
    EXPECT_EQ(amqp::id_text(properties.message_id), "m1");
    EXPECT_EQ(properties.content_type, "text/plain");
}

TEST_F(telemetry_test, the_names_in_a_batch_have_no_case) {
    EXPECT_EQ(post_batch(R"([{"body":"aG90","properties":{"IoTHub-App-Level":"3","IOTHUB-MESSAGEID":"m1","IoTHub-ContentType":"a/b",)"
                         R"("Iothub-CreationTimeUtc":"2020-01-01T00:00:00Z","IotHub-Ack":"full"}}])"),
              "204");
    EXPECT_EQ(last(), R"({"Level": "3", "iothub-creation-time-utc": "2020-01-01T00:00:00Z", "iothub-ack": "full"} hot)");
    const auto all = stored();
    EXPECT_EQ(amqp::id_text(properties_of(all.back()).message_id), "m1");
    EXPECT_EQ(properties_of(all.back()).content_type, "a/b");
}

TEST_F(telemetry_test, a_batch_is_taken_as_a_whole_or_not_at_all) {
    EXPECT_EQ(post_batch(R"([{"body":"YQ=="},{"body":"b","base64Encoded":false}])"), "204");
    EXPECT_EQ(stored().size(), 2u);
    for (const auto* wrong : {"", "{}", "[1]", R"([{"body":"YQ=="},{}])", R"([{"body":"YQ=="},{"body":"?"}])"})
        EXPECT_EQ(post_batch(wrong), "400 ArgumentInvalid") << wrong;
    EXPECT_EQ(stored().size(), 2u);
}

TEST_F(telemetry_test, what_is_too_large_is_refused) {
    EXPECT_EQ(post(std::string(settings.telemetry_size_max + 1, 'x')), "413 MessageTooLarge");
    EXPECT_EQ(stored().size(), 0u);
}

TEST_F(telemetry_test, a_module_sends_too_and_one_that_is_not_there_does_not) {
    EXPECT_EQ(verdict(ask(verb::put, "/devices/dev1/modules/m" + version, "{}")), "200");
    EXPECT_EQ(post("x", {}, "/devices/dev1/modules/m/messages/events"), "204");
    EXPECT_EQ(post("x", {}, "/devices/dev1/modules/n/messages/events"), "401 IotHubUnauthorizedAccess");
    EXPECT_EQ(post("x", {}, "/devices/nobody/messages/events"), "401 IotHubUnauthorizedAccess");
}

TEST_F(telemetry_test, it_is_an_activity) {
    clock.advance(std::chrono::hours(1));
    EXPECT_EQ(post("x"), "204");
    const auto shown = json_of(ask(verb::get, "/devices/dev1" + version));
    EXPECT_NE(shown.at("lastActivityTime").as_string(), "0001-01-01T00:00:00Z");
    EXPECT_EQ(shown.at("connectionState").as_string(), "Disconnected");
}

} // namespace
} // namespace capstan::http
