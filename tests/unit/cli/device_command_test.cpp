#include <fstream>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/sas_token.hpp"
#include "unit/cli/command_line.hpp"
#include "unit/cli/hub_of_answers.hpp"

namespace capstan {
namespace {

namespace json = boost::json;
using test::run_capstan;
using testing::HasSubstr;
using testing::StartsWith;

using device_command = test::hub_of_answers;
using test::canned_answer;
using test::device_json;

TEST_F(device_command, create_sends_what_the_service_sdks_send) {
    answer({{200, device_json}});
    const auto printed = run_capstan({"device", "create", "dev#1", "--data", path});
    EXPECT_EQ(printed.code, 0) << printed.err;
    EXPECT_THAT(printed.out,
                StartsWith("DEVICE  STATUS   CONNECTION  AUTHENTICATION  EDGE   WAITING  LAST ACTIVITY\ndev#1   enabled  Connected   sas"));
    EXPECT_THAT(printed.out, testing::Not(HasSubstr("cHJpbWFyeQ==")));

    const auto& asked = hub->finish().at(0);
    EXPECT_EQ(asked.method(), boost::beast::http::verb::put);
    EXPECT_EQ(asked.target(), "/devices/dev%231?api-version=2021-04-12");
    EXPECT_EQ(asked["If-Match"], "");
    EXPECT_EQ(json::parse(asked.body()),
              json::parse(R"({"deviceId":"dev#1","status":"enabled",)"
                          R"("authentication":{"type":"sas","symmetricKey":{"primaryKey":"","secondaryKey":""}}})"));
    const auto token = auth::parse_sas_token(std::string(asked["Authorization"]));
    ASSERT_TRUE(token) << token.error();
    EXPECT_EQ(token->resource, "hub.example.net");
    EXPECT_EQ(token->policy, "iothubowner");
    EXPECT_TRUE(auth::signed_by(*token, folder->hub().policies.find("iothubowner")->primary_key));
}

TEST_F(device_command, create_takes_properties_and_prints_json) {
    answer({{200, device_json}});
    const auto printed = run_capstan({"device", "create", "dev1", "--hub", path, "--primary-key", "cA==", "--secondary-key",
                                      "cw==", "--status", "disabled", "--edge-enabled", "-o", "json"});
    EXPECT_EQ(json::parse(printed.out), json::parse(device_json));
    EXPECT_THAT(printed.out, StartsWith("{\n  \"deviceId\": \"dev#1\",\n"));
    EXPECT_EQ(json::parse(hub->finish().at(0).body()),
              json::parse(R"({"deviceId":"dev1","status":"disabled","authentication":{"type":"sas","symmetricKey":)"
                          R"({"primaryKey":"cA==","secondaryKey":"cw=="}},"capabilities":{"iotEdge":true}})"));
}

TEST_F(device_command, show_prints_the_devices_json) {
    answer({{200, device_json}});
    const auto printed = run_capstan({"device", "show", "dev#1", "--hub", path});
    EXPECT_EQ(json::parse(printed.out), json::parse(device_json));
    EXPECT_EQ(hub->finish().at(0).method(), boost::beast::http::verb::get);
}

TEST_F(device_command, list_makes_a_table_or_json) {
    answer({{200, "[" + device_json + "]"}, {200, "[]"}});
    EXPECT_THAT(run_capstan({"device", "list", "--hub", path, "--top", "5"}).out, HasSubstr("\ndev#1 "));
    EXPECT_EQ(run_capstan({"device", "list", "--hub", path, "-o", "json"}).out, "[]\n");
    EXPECT_EQ(hub->finish().at(0).target(), "/devices?api-version=2021-04-12&top=5");
    EXPECT_EQ(hub->finish().at(1).target(), "/devices?api-version=2021-04-12");
}

TEST_F(device_command, update_changes_what_is_given_under_the_etag_it_read) {
    answer({{200, device_json}, {200, device_json}});
    const auto printed = run_capstan({"device", "update", "dev#1", "--hub", path, "--status", "disabled", "--status-reason", "lost",
                                      "--set", "capabilities.iotEdge=true", "--set", "tags.site=B 7"});
    EXPECT_EQ(printed.code, 0) << printed.err;
    const auto& asked = hub->finish().at(1);
    EXPECT_EQ(asked.method(), boost::beast::http::verb::put);
    EXPECT_EQ(asked["If-Match"], "\"abc=\"");
    json::value expected = json::parse(device_json);
    expected.as_object()["status"] = "disabled";
    expected.as_object()["statusReason"] = "lost";
    expected.as_object()["capabilities"].as_object()["iotEdge"] = true;
    expected.as_object()["tags"] = {{"site", "B 7"}};
    EXPECT_EQ(json::parse(asked.body()), expected);
}

TEST_F(device_command, keys_are_renewed_one_by_one_or_swapped) {
    answer({{200, device_json}, {200, device_json}, {200, device_json}, {200, device_json}});
    EXPECT_EQ(run_capstan({"device", "renew-key", "dev#1", "--hub", path, "--kt", "primary"}).code, 0);
    EXPECT_EQ(run_capstan({"device", "renew-key", "-d", "dev#1", "--hub", path, "--key-type", "swap"}).code, 0);
    const auto keys_of = [&](std::size_t request) {
        const auto body = json::parse(hub->finish().at(request).body());
        const auto& keys = body.at("authentication").at("symmetricKey");
        return std::pair(std::string(keys.at("primaryKey").as_string()), std::string(keys.at("secondaryKey").as_string()));
    };
    EXPECT_EQ(hub->finish().at(1)["If-Match"], "\"abc=\"");
    EXPECT_EQ(keys_of(1).first.size(), 44u); // 32 random bytes
    EXPECT_NE(keys_of(1).first, "cHJpbWFyeQ==");
    EXPECT_EQ(keys_of(1).second, "c2Vjb25k");
    EXPECT_EQ(keys_of(3), std::pair(std::string("c2Vjb25k"), std::string("cHJpbWFyeQ==")));
}

TEST_F(device_command, each_form_of_output) {
    answer({{200, "[" + device_json + "]"}, {200, "[" + device_json + "]"}});
    EXPECT_EQ(json::parse(run_capstan({"device", "list", "--hub", path, "-o", "jsonl"}).out), json::parse(device_json));
    EXPECT_EQ(run_capstan({"device", "list", "--hub", path, "-o", "tsv"}).out,
              "dev#1\tenabled\tConnected\tsas\tfalse\t3\t0001-01-01T00:00:00Z\n");
}

TEST_F(device_command, export_writes_page_after_page_and_import_reads_it) {
    json::array thousand;
    for (int i = 0; i < 1000; ++i)
        thousand.push_back(json::object{{"deviceId", "d" + std::to_string(i)}, {"etag", "e"}, {"status", "enabled"}});
    answer({{200, "[]"},
            {200, json::serialize(thousand)},
            {200, "[" + device_json + "]"},
            {200, R"({"isSuccessful":true,"errors":[]})"},
            {400, R"({"isSuccessful":false,"errors":[{"deviceId":"a","errorCode":"DeviceAlreadyExists","errorStatus":"there"}]})"},
            {400, R"({"Message":"ErrorCode:IotHubFormatError;no"})"}});
    const std::string file = parent / "devices.jsonl";
    EXPECT_EQ(run_capstan({"device", "export", file, "--hub", path}).out, "exported 1001 devices\n");
    std::ifstream written(file);
    std::string line, last;
    std::size_t lines = 0;
    for (; std::getline(written, line); ++lines)
        last = line;
    EXPECT_EQ(lines, 1001u);
    EXPECT_EQ(json::parse(last).at("id"), "dev#1");
    EXPECT_EQ(json::parse(last).at("authentication").at("symmetricKey").at("primaryKey"), "cHJpbWFyeQ==");

    const auto two = parent.write("two.jsonl", last + "\n\n{\"id\":\"b\"}\n");
    EXPECT_EQ(run_capstan({"device", "import", two, "--hub", path, "--mode", "create"}).out, "imported 2 devices\n");
    const auto refused = run_capstan({"device", "import", two, "--hub", path});
    EXPECT_EQ(refused.code, 2);
    EXPECT_EQ(refused.out, "imported 1 devices; 1 were refused\n");
    EXPECT_EQ(refused.err, "capstan: a: DeviceAlreadyExists: there\n");
    EXPECT_THAT(run_capstan({"device", "import", two, "--hub", path}).err, HasSubstr("IotHubFormatError"));
    const auto& asked = hub->finish();
    EXPECT_EQ(asked.at(2).target(), "/devices?api-version=2021-04-12&top=1000&after=d999");
    EXPECT_EQ(json::parse(asked.at(3).body()).at(1), json::parse(R"({"id":"b","importMode":"create"})"));
    EXPECT_THAT(run_capstan({"device", "import", parent.write("bad", "{\n"), "--hub", path}).err, HasSubstr("line 1 is not a device"));
}

const std::string module_line = R"({"deviceId":"dev#1","moduleId":"pump","etag":"m","managedBy":"plant"})";

TEST_F(device_command, export_has_modules_and_scopes) {
    const auto child =
        R"({"deviceId":"child","etag":"c","deviceScope":"ms-azure-iot-edge://e-1","parentScopes":["ms-azure-iot-edge://e-1"]})";
    answer({{200, R"([{"deviceId":"dev#1"}])"}, {200, '[' + std::string(child) + ',' + device_json + ']'}, {200, '[' + module_line + ']'}});
    const auto printed = run_capstan({"device", "export", "--hub", path});
    std::vector<json::value> lines;
    std::istringstream text(printed.out);
    for (std::string line; std::getline(text, line);)
        lines.push_back(json::parse(line));
    ASSERT_EQ(lines.size(), 3u) << printed.err;
    EXPECT_EQ(lines[0].at("deviceScope"), "ms-azure-iot-edge://e-1");
    EXPECT_EQ(lines[0].at("parentScopes").at(0), "ms-azure-iot-edge://e-1");
    EXPECT_EQ(lines[2], json::parse(R"({"id":"dev#1","moduleId":"pump","eTag":"m","managedBy":"plant"})"));
    EXPECT_EQ(hub->finish().at(2).target(), "/devices/dev%231/modules?api-version=2021-04-12");
}

/// A policy may read the registry without the right to query it.
TEST_F(device_command, export_asks_each_device_where_it_may_not_query) {
    answer(
        {{401, R"({"Message":"ErrorCode:IotHubUnauthorizedAccess;no"})"}, {200, '[' + device_json + ']'}, {200, '[' + module_line + ']'}});
    const auto printed = run_capstan({"device", "export", "--hub", path});
    EXPECT_EQ(std::ranges::count(printed.out, '\n'), 2) << printed.err;
}

/// Ids decide where a line of an export stands.
TEST_F(device_command, import_tries_what_came_too_early_again) {
    const auto refusal = [](const std::string& errors) {
        return test::canned_answer{400, R"({"isSuccessful":false,"errors":[)" + errors + "]}"};
    };
    const std::string early = R"({"deviceId":"a","errorCode":"ArgumentInvalid","errorStatus":"names no other edge device"})",
                      orphan = R"({"deviceId":"b","moduleId":"m","errorCode":"DeviceNotFound","errorStatus":"b"})";
    const auto file = parent.write("all", R"({"id":"a","deviceScope":"s"})"
                                          "\n"
                                          R"({"id":"b","moduleId":"m"})"
                                          "\n"
                                          R"({"id":"e"})"
                                          "\n");
    answer({refusal(early + ',' + orphan), refusal(orphan), refusal(orphan), refusal(orphan)});
    const auto printed = run_capstan({"device", "import", file, "--hub", path});
    EXPECT_EQ(printed.code, 2);
    EXPECT_EQ(printed.out, "imported 2 devices; 1 were refused\n");
    EXPECT_EQ(printed.err, "capstan: b/m: DeviceNotFound: b\n");
    EXPECT_EQ(run_capstan({"device", "import", file, "--hub", path, "--mode", "delete"}).out, "imported 3 devices\n")
        << "gone with its device";
    EXPECT_EQ(json::parse(hub->finish().at(1).body()).as_array().size(), 2u);
    EXPECT_EQ(json::parse(hub->finish().at(2).body()).as_array().size(), 1u);
}

/// Of a hub that does not know of pages, what has been written already would come again and again.
TEST_F(device_command, export_ends_where_a_hub_lists_no_more) {
    json::array thousand(1000, json::object{{"deviceId", "d"}, {"etag", "e"}});
    answer({{200, "[]"}, {200, json::serialize(thousand)}, {200, json::serialize(thousand)}});
    const auto printed = run_capstan({"device", "export", "--hub", path});
    EXPECT_EQ(printed.code, 2);
    EXPECT_THAT(printed.err, HasSubstr("lists no more than 1000"));
}

TEST_F(device_command, messages_are_received_and_settled_over_https) {
    answer({{204, ""}, {204, ""}, {412, R"({"Message":"ErrorCode:DeviceMessageLockLost;late"})"}});
    const auto none = run_capstan({"device", "c2d-message", "receive", "-d", "dev#1", "--hub", path});
    EXPECT_EQ(none.code, 0);
    EXPECT_EQ(none.out, "");
    EXPECT_EQ(run_capstan({"device", "c2d-message", "reject", "-d", "dev#1", "--etag", "a-b", "--hub", path}).code, 0);
    const auto late = run_capstan({"device", "c2d-message", "abandon", "-d", "dev#1", "--etag", "a-b", "--hub", path});
    EXPECT_EQ(late.code, 2);
    EXPECT_THAT(late.err, HasSubstr("late (DeviceMessageLockLost)"));
    const auto& asked = hub->finish();
    EXPECT_EQ(asked.at(0).target(), "/devices/dev%231/messages/deviceBound?api-version=2021-04-12");
    EXPECT_EQ(asked.at(1).target(), "/devices/dev%231/messages/deviceBound/a-b?api-version=2021-04-12&reject=true");
    EXPECT_EQ(asked.at(2).target(), "/devices/dev%231/messages/deviceBound/a-b/abandon?api-version=2021-04-12");
    const auto token = auth::parse_sas_token(std::string(asked.at(0)["Authorization"]));
    EXPECT_EQ(token->resource, "hub.example.net%2Fdevices%2Fdev%231");
    EXPECT_EQ(token->policy, "iothubowner");
}

TEST_F(device_command, tokens_are_signed_with_the_key_asked_for) {
    answer({{200, device_json}});
    const auto policy = run_capstan({"generate-sas-token", "--hub", path, "--policy-name", "service", "--duration", "60"});
    auto token = auth::parse_sas_token(policy.out.substr(0, policy.out.size() - 1));
    ASSERT_TRUE(token) << policy.out << policy.err;
    EXPECT_EQ(token->policy, "service");
    EXPECT_TRUE(auth::signed_by(*token, folder->hub().policies.find("service")->primary_key));
    const auto device = run_capstan({"generate-sas-token", "--hub", path, "-d", "dev#1", "--kt", "secondary", "-o", "json"});
    token = auth::parse_sas_token(json::parse(device.out).at("sas").as_string());
    ASSERT_TRUE(token) << device.err;
    EXPECT_EQ(token->policy, "");
    EXPECT_TRUE(auth::signed_by(*token, "c2Vjb25k"));
}

TEST_F(device_command, delete_removes_whatever_the_etag) {
    answer({{204, ""}});
    EXPECT_EQ(run_capstan({"device", "delete", "dev1", "--hub", path}).out, "deleted dev1\n");
    EXPECT_EQ(hub->finish().at(0).method(), boost::beast::http::verb::delete_);
    EXPECT_EQ(hub->finish().at(0)["If-Match"], "*");
}

TEST_F(device_command, a_refusal_ends_with_2_and_the_hubs_words) {
    answer({{404, R"({"Message":"ErrorCode:DeviceNotFound;dev1","ExceptionMessage":"Tracking ID:x"})"}, {500, "oops"}, {503, ""}});
    const char* expected[] = {"capstan: the hub refuses: not found: dev1 (DeviceNotFound)\n", "capstan: the hub cannot serve now (500)\n",
                              "capstan: the hub cannot serve now (503)\n"};
    for (const char* text : expected) {
        const auto printed = run_capstan({"device", "show", "dev1", "--hub", path});
        EXPECT_EQ(printed.code, 2);
        EXPECT_EQ(printed.err, text);
        EXPECT_EQ(printed.out, "");
    }
}

TEST_F(device_command, no_hub_ends_with_3) {
    const auto stopped = run_capstan({"device", "list", "--hub", path});
    EXPECT_EQ(stopped.code, 3);
    EXPECT_THAT(stopped.err, HasSubstr("no hub is running"));

    answer({});
    const std::string port = std::to_string(hub->port());
    hub.reset();
    const auto killed = run_capstan({"device", "list", "--hub", path});
    EXPECT_EQ(killed.code, 3);
    EXPECT_THAT(killed.err, HasSubstr("capstan: no connection to the hub: connect to 127.0.0.1:" + port));
}

TEST_F(device_command, a_login_reaches_a_hub_elsewhere) {
    const std::string key = folder->hub().policies.find("registryReadWrite")->primary_key;
    answer({{200, "[]"}, {200, "[]"}});
    const std::string login =
        "HostName=localhost:" + std::to_string(hub->port()) + ";SharedAccessKeyName=registryReadWrite;SharedAccessKey=" + key;
    const auto trusted = run_capstan({"device", "list", "--login", login, "--ca", files.ca->string()});
    EXPECT_EQ(trusted.code, 0) << trusted.err;
    const auto distrusted = run_capstan({"device", "list", "--login", login});
    EXPECT_EQ(distrusted.code, 3);
    EXPECT_THAT(distrusted.err, HasSubstr("give the hub's CA with --ca FILE"));
    EXPECT_EQ(auth::parse_sas_token(std::string(hub->finish().at(0)["Authorization"]))->policy, "registryReadWrite");
}

TEST_F(device_command, another_hubs_certificate_is_not_trusted) {
    const test::temporary_folder other;
    const auto foreign = server::prepare_own_certificate(other / "tls", {"hub.example.net"}, system_wall_clock().now()).value();
    answer({});
    hub.emplace(foreign, std::vector<canned_answer>{{200, "[]"}});
    ASSERT_TRUE(folder->publish({{"hub.example.net"}, 5671, hub->port(), path, *files.ca, 1, "127.0.0.1"}));
    EXPECT_EQ(run_capstan({"device", "list", "--hub", path}).code, 3);
    EXPECT_TRUE(hub->finish().empty());
}

TEST_F(device_command, wrong_logins_are_explained) {
    EXPECT_THAT(run_capstan({"device", "list", "--login", "HostName=h;DeviceId=d;SharedAccessKey=a2V5"}).err,
                HasSubstr("SharedAccessKeyName"));
    EXPECT_THAT(run_capstan({"device", "send-d2c-message", "-d", "e", "--login", "HostName=h;DeviceId=d;SharedAccessKey=a2V5"}).err,
                HasSubstr("for the device 'd', not for 'e'"));
    EXPECT_THAT(run_capstan({"device", "send-d2c-message", "--login", "HostName=h;SharedAccessKeyName=p;SharedAccessKey=a2V5"}).err,
                HasSubstr("which device?"));
    EXPECT_THAT(run_capstan({"device", "list", "--login", "HostName=h:x;SharedAccessKeyName=p;SharedAccessKey=a2V5"}).err,
                HasSubstr("port 'x'"));
    EXPECT_THAT(run_capstan({"device", "list", "--login", "HostName=h;SharedAccessKeyName=p;SharedAccessKey=a2V5", "--ca", "none.pem"}).err,
                HasSubstr("none.pem"));
}

TEST_F(device_command, connection_string_of_a_device_comes_from_the_hub) {
    answer({{200, device_json}, {200, R"({"deviceId":"x","authentication":{"type":"selfSigned"}})"}});
    EXPECT_EQ(run_capstan({"connection-string", "--hub", path, "--device", "dev#1"}).out,
              "HostName=hub.example.net;DeviceId=dev#1;SharedAccessKey=cHJpbWFyeQ==\n");
    EXPECT_EQ(run_capstan({"connection-string", "--hub", path, "--device", "x"}).out, "HostName=hub.example.net;DeviceId=x;x509=true\n");
}

} // namespace
} // namespace capstan
