#pragma once
// A hub of a data folder that gives the answers that it was told to.

#include <optional>

#include <gtest/gtest.h>

#include "server/data_folder.hpp"
#include "support/temporary_folder.hpp"
#include "unit/cli/fake_hub.hpp"

namespace capstan::test {

inline const std::string device_json =
    R"({"deviceId":"dev#1","etag":"abc=","status":"enabled","statusReason":null,"connectionState":"Connected",)"
    R"("lastActivityTime":"0001-01-01T00:00:00Z","cloudToDeviceMessageCount":3,"authentication":{"type":"sas",)"
    R"("symmetricKey":{"primaryKey":"cHJpbWFyeQ==","secondaryKey":"c2Vjb25k"}},"capabilities":{"iotEdge":false}})";

/// For commands with --hub `path`.
struct hub_of_answers : testing::Test {
    temporary_folder parent;
    std::string path = parent / "hub";
    std::optional<server::data_folder> folder;
    server::certificate_files files;
    std::optional<fake_hub> hub;

    void SetUp() override {
        const wall_time now = system_wall_clock().now();
        folder.emplace(std::move(*server::data_folder::open(path, {4, {}, "hub.example.net"}, now)));
        files = server::prepare_own_certificate(server::tls_folder_in(path), {"hub.example.net"}, now).value();
    }
    /// A hub that gives these answers, each on a connection of its own, known through the data folder.
    void answer(std::vector<canned_answer> answers) {
        hub.emplace(files, std::move(answers));
        ASSERT_TRUE(folder->publish({{"hub.example.net"}, 5671, hub->port(), path, *files.ca, 1, "127.0.0.1"}));
    }
};

} // namespace capstan::test
