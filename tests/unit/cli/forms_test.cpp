// What all commands have in common for scripts: forms of output, az's names.

#include <boost/json.hpp>
#include <gmock/gmock.h>

#include "unit/cli/command_line.hpp"
#include "unit/cli/hub_of_answers.hpp"

namespace capstan {
namespace {

namespace json = boost::json;
using test::run_capstan;
using testing::HasSubstr;
using testing::StartsWith;

const std::string module_json =
    R"({"deviceId":"d","moduleId":"m","etag":"abc=","managedBy":"plant","connectionState":"Connected",)"
    R"("authentication":{"type":"sas","symmetricKey":{"primaryKey":"cHJpbWFyeQ==","secondaryKey":"c2Vjb25k"}}})";

struct forms : test::hub_of_answers {
    std::string out(std::vector<std::string> arguments) const {
        for (const auto* more : {"--hub", path.c_str()})
            arguments.emplace_back(more);
        const auto printed = run_capstan(arguments);
        EXPECT_EQ(printed.code, 0) << printed.err;
        return printed.out;
    }
};

TEST_F(forms, of_a_connection_string) {
    answer({{200, test::device_json}, {200, test::device_json}, {200, test::device_json}, {200, test::device_json}});
    const std::string text = "HostName=hub.example.net;DeviceId=dev#1;SharedAccessKey=cHJpbWFyeQ==";
    const std::vector<std::string> show{"connection-string", "show", "-d", "dev#1"};
    const auto with = [&](const char* form) { return std::vector<std::string>{show[0], show[1], show[2], show[3], "-o", form}; };
    EXPECT_EQ(json::parse(out(with("json"))), json::value({{"connectionString", text}}));
    EXPECT_EQ(out(with("tsv")), text + "\n");
    EXPECT_EQ(out(with("table")), "CONNECTION STRING\n" + text + "\n");
    EXPECT_EQ(out({"device-identity", "connection-string", "show", "-d", "dev#1", "-n", "hub"}), text + "\n");
}

TEST_F(forms, of_a_token) {
    answer({});
    EXPECT_THAT(out({"generate-sas-token", "-o", "tsv"}), StartsWith("SharedAccessSignature sr="));
    const auto told = json::parse(out({"generate-sas-token", "-o", "jsonl"}));
    EXPECT_THAT(std::string(told.at("sas").as_string()), StartsWith("SharedAccessSignature sr="));
}

TEST_F(forms, of_a_settled_message) {
    answer({{204, ""}, {204, ""}});
    EXPECT_EQ(out({"device", "c2d-message", "complete", "-d", "d", "-e", "lock"}), "");
    EXPECT_EQ(json::parse(out({"device", "c2d-message", "abandon", "-d", "d", "-e", "lock", "-o", "json"})),
              json::value({{"etag", "lock"}, {"outcome", "abandon"}}));
}

TEST_F(forms, of_import_and_export) {
    answer({{200, "[]"}, {200, "[" + test::device_json + "]"}, {200, R"({"isSuccessful":true,"errors":[]})"}});
    const std::string file = parent / "devices.jsonl";
    EXPECT_EQ(json::parse(out({"device", "export", file, "-o", "json"})), json::value({{"file", file}, {"exported", 1}}));
    EXPECT_EQ(out({"device", "import", file, "-o", "tsv"}), "1\t0\n");
}

TEST_F(forms, of_modules) {
    answer({{200, module_json}, {200, module_json}, {200, module_json}});
    EXPECT_EQ(out({"module-identity", "show", "-d", "d", "-m", "m", "-o", "tsv"}), "m\td\tConnected\tsas\tplant\n");
    EXPECT_EQ(json::parse(out({"module-identity", "show", "-d", "d", "-m", "m"})), json::parse(module_json));
    EXPECT_EQ(out({"module-identity", "connection-string", "show", "-d", "d", "-m", "m", "--kt", "secondary"}),
              "HostName=hub.example.net;DeviceId=d;ModuleId=m;SharedAccessKey=c2Vjb25k\n");
}

TEST_F(forms, modules_are_changed_as_devices_are) {
    answer({{200, module_json}, {200, module_json}, {200, module_json}, {200, module_json}});
    out({"module-identity", "update", "-d", "d", "-m", "m", "--managed-by", "me", "--set", "authentication.type=sas"});
    out({"module-identity", "renew-key", "-d", "d", "-m", "m", "--kt", "swap"});
    const auto& asked = hub->finish();
    EXPECT_EQ(asked.at(1)["If-Match"], "\"abc=\"");
    EXPECT_EQ(json::parse(asked.at(1).body()).at("managedBy"), "me");
    const auto swapped = json::parse(asked.at(3).body());
    EXPECT_EQ(swapped.at("authentication").at("symmetricKey").at("primaryKey"), "c2Vjb25k");
}

TEST_F(forms, a_query_is_asked) {
    answer({{200, "[" + test::device_json + "]"}});
    EXPECT_EQ(out({"query", "SELECT * FROM devices", "-o", "tsv"}), "dev#1\t\tenabled\tConnected\n");
    const auto& asked = hub->finish().at(0);
    EXPECT_EQ(json::parse(asked.body()), json::value({{"query", "SELECT * FROM devices"}}));
    EXPECT_EQ(asked["x-ms-max-item-count"], "1000");
}

TEST_F(forms, a_hub_of_another_name_is_not_meant) {
    answer({});
    const auto wrong = run_capstan({"generate-sas-token", "--hub", path, "--hub-name", "other"});
    EXPECT_EQ(wrong.code, 1);
    EXPECT_THAT(wrong.err, HasSubstr("--hub-name other: the login is for hub.example.net"));
    EXPECT_EQ(run_capstan({"generate-sas-token", "--hub", path, "-n", "hub"}).code, 0);
}

} // namespace
} // namespace capstan
