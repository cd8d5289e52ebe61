#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/registry/registry.hpp"
#include "unit/http/hub_on_http.hpp"

namespace capstan::http {
namespace {

using test::verb;
namespace json = boost::json;

struct devices_bulk_test : test::hub_on_http {
    test::http_response post(const std::string& body) { return ask(verb::post, "/devices?api-version=2021-04-12", body); }
    /// "ok", or the errors: "dev1 DeviceNotFound, dev2 …".
    std::string outcome(const std::string& body) {
        const auto answer = post(body);
        const auto result = json_of(answer).as_object();
        EXPECT_TRUE(result.at("warnings").is_array());
        std::vector<std::string> errors;
        for (const auto& each : result.at("errors").as_array()) {
            EXPECT_FALSE(each.at("errorStatus").as_string().empty());
            errors.push_back(std::string(each.at("deviceId").as_string()) + ' ' + std::string(each.at("errorCode").as_string()));
        }
        EXPECT_EQ(result.at("isSuccessful").as_bool(), errors.empty());
        EXPECT_EQ(answer.result_int(), errors.empty() ? 200 : 400);
        // .NET reads a result that came with 400 only if it finds the second.
        EXPECT_EQ(answer["iothub-errorcode"], errors.empty() ? "" : "BulkRegistryOperationFailure");
        EXPECT_EQ(answer["IotHubErrorCode"], errors.empty() ? "" : "BulkRegistryOperationFailure");
        std::string text;
        for (const auto& each : errors)
            text += (text.empty() ? "" : ", ") + each;
        return text.empty() ? "ok" : text;
    }
    std::string one(const std::string& id, const std::string& mode, const std::string& more = "") {
        return outcome(R"([{"id":")" + id + R"(","importMode":")" + mode + '"' + more + "}]");
    }
    std::optional<store::device> device(const std::string& id) { return instance->registry().find(id); }
};

TEST_F(devices_bulk_test, as_the_node_sdk_does_it) {
    const auto many = [](const std::string& mode, const std::string& status) {
        std::string body;
        for (int n = 0; n < 100; ++n)
            body +=
                (n == 0 ? "[" : ",") + (R"({"status":")" + status + R"(","id":"bulk-)" + std::to_string(n) + R"(","importMode":")" + mode +
                                        R"(","authentication":{"type":"sas","symmetricKey":{"primaryKey":"","secondaryKey":""}}})");
        return body + "]";
    };
    EXPECT_EQ(outcome(many("create", "disabled")), "ok");
    const auto key = device("bulk-99")->primary_key;
    EXPECT_EQ(key.size(), 44);
    EXPECT_EQ(instance->registry().count().enabled, 0);
    EXPECT_EQ(outcome(many("Update", "enabled")), "ok");
    EXPECT_EQ(device("bulk-99")->primary_key, key);
    EXPECT_EQ(instance->registry().count().enabled, 100);
    EXPECT_EQ(outcome(many("Delete", "enabled")), "ok");
    EXPECT_EQ(instance->registry().count().total, 0);
}

TEST_F(devices_bulk_test, modes) {
    EXPECT_EQ(one("a", "update"), "a DeviceNotFound");
    EXPECT_EQ(one("a", "delete"), "a DeviceNotFound");
    EXPECT_EQ(one("a", "CREATE"), "ok");
    EXPECT_EQ(one("a", "create"), "a DeviceAlreadyExists");
    EXPECT_EQ(one("a", "createOrUpdate", R"(,"status":"disabled")"), "ok");
    EXPECT_FALSE(device("a")->enabled);
    EXPECT_EQ(one("b", "createOrUpdate"), "ok");
    EXPECT_EQ(one("c", "createOrUpdateIfMatchETag", R"(,"eTag":"stale")"), "ok") << "there is none to match";
    EXPECT_EQ(one("c", "createOrUpdateIfMatchETag", R"(,"eTag":"stale")"), "c PreconditionFailed");
    EXPECT_EQ(outcome(R"([{"id":"d"}])"), "ok") << "no mode: create or update";
    EXPECT_TRUE(device("d"));
    for (const auto* mode : {"updateTwin", "updateTwinIfMatchETag", "rename"})
        EXPECT_EQ(one("d", mode), "d ArgumentInvalid") << mode;
}

TEST_F(devices_bulk_test, etags_in_both_spellings_with_and_without_quotes) {
    ASSERT_EQ(one("a", "create"), "ok");
    for (const auto* name : {"eTag", "etag"})
        for (const auto* quote : {"", "\\\""}) {
            const auto etag = std::string(",\"") + name + "\":\"" + quote + device("a")->etag + quote + '"';
            EXPECT_EQ(one("a", "UpdateIfMatchETag", etag), "ok") << etag;
            EXPECT_EQ(one("a", "UpdateIfMatchETag", etag), "a PreconditionFailed") << etag;
        }
    EXPECT_EQ(one("a", "deleteIfMatchETag"), "a PreconditionFailed") << "none given";
    EXPECT_EQ(one("a", "deleteIfMatchETag", R"(,"etag":")" + device("a")->etag + '"'), "ok");
}

TEST_F(devices_bulk_test, entries_stand_for_themselves) {
    ASSERT_EQ(one("there", "create"), "ok");
    EXPECT_EQ(outcome(R"([{"id":"there","importMode":"create"},{"id":"new","importMode":"create"},{"id":"a b"},{"importMode":"create"},)"
                      R"({"id":"twice"},{"id":"twice","status":"disabled"},{"id":"bad","status":"?"}])"),
              "there DeviceAlreadyExists, a b ArgumentInvalid,  ArgumentNull, twice DeviceDefinedMultipleTimes, bad ArgumentInvalid");
    EXPECT_TRUE(device("new"));
    EXPECT_TRUE(device("twice")->enabled);
    EXPECT_FALSE(device("bad"));
}

TEST_F(devices_bulk_test, a_module_is_not_its_device) {
    ASSERT_EQ(one("a", "create"), "ok");
    EXPECT_EQ(one("a", "delete", R"(,"moduleId":"m")"), "a ModuleNotFound");
    EXPECT_EQ(one("a", "create", R"(,"moduleId":"m n")"), "a ArgumentInvalid");
    EXPECT_EQ(one("a", "create", R"(,"moduleId":"m","managedBy":"plant")"), "ok");
    EXPECT_EQ(one("a", "create", R"(,"moduleId":"m")"), "a ModuleAlreadyExistsOnDevice");
    EXPECT_EQ(one("b", "create", R"(,"moduleId":"m")"), "b DeviceNotFound");
    EXPECT_EQ(one("a", "delete", R"(,"moduleId":"m")"), "ok");
    EXPECT_TRUE(device("a"));
}

TEST_F(devices_bulk_test, what_is_no_list_of_at_most_a_hundred) {
    std::string too_many = "[{\"id\":\"0\"}";
    for (int n = 1; n <= 100; ++n)
        too_many += ",{\"id\":\"" + std::to_string(n) + "\"}";
    EXPECT_EQ(verdict(post(too_many + "]")), "400 ArgumentInvalid");
    for (const auto* body : {"", "{", "{}", "[1]", "null"})
        EXPECT_EQ(verdict(post(body)), "400 IotHubFormatError") << body;
    EXPECT_EQ(instance->registry().count().total, 0);
    EXPECT_EQ(outcome("[]"), "ok");
}

} // namespace
} // namespace capstan::http
