#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/version.hpp"
#include "server/settings.hpp"
#include "support/temporary_folder.hpp"
#include "unit/cli/command_line.hpp"

namespace capstan {
namespace {

using test::run_capstan;
using testing::HasSubstr;
using testing::StartsWith;

TEST(run, help_is_complete) {
    const auto program = run_capstan({"--help"});
    EXPECT_EQ(program.code, 0);
    for (const char* command : {"serve", "connection-string", "device", "version", "Examples:"})
        EXPECT_THAT(program.out, HasSubstr(command));
    const auto serve = run_capstan({"serve", "--help"});
    EXPECT_EQ(serve.code, 0);
    for (const server::setting& one : server::all_settings()) {
        EXPECT_THAT(serve.out, HasSubstr(std::string(one.key)));
        EXPECT_THAT(serve.out, HasSubstr(std::string(one.flag)));
        EXPECT_THAT(serve.out, HasSubstr(server::variable_of(one.key)));
    }
    for (const char* command : {"create", "show", "list", "update", "delete"})
        EXPECT_EQ(run_capstan({"device", command, "--help"}).code, 0) << command;
    EXPECT_THAT(run_capstan({"connection-string", "--help"}).out, HasSubstr("--event-hub"));
}

TEST(run, version_is_printed) { EXPECT_EQ(run_capstan({"version"}).out, "capstan " + std::string(cli::version) + "\n"); }

TEST(run, wrong_usage_ends_with_1) {
    const std::vector<std::string> rows[] = {{},
                                             {"fly"},
                                             {"serve", "--amqp-port", "1"},
                                             {"device"},
                                             {"device", "create"},
                                             {"device", "list", "--top", "0"},
                                             {"device", "show", "d", "--login", "HostName=h", "--data", "x"},
                                             {"device", "list", "-o", "yaml"},
                                             {"connection-string", "--device", "d", "--event-hub"}};
    for (const auto& arguments : rows) {
        const auto result = run_capstan(arguments);
        EXPECT_EQ(result.code, 1) << testing::PrintToString(arguments);
        EXPECT_EQ(result.out, "");
        EXPECT_NE(result.err, "");
    }
}

TEST(run, serve_refuses_a_wrong_configuration) {
    const test::temporary_folder folder;
    const auto file = folder.write("capstan.toml", "[listen]\nport = 1\n");
    EXPECT_THAT(run_capstan({"serve", "--config", file}).err, StartsWith("capstan: " + file.string() + ":2: there is no setting"));
    const auto flag = run_capstan({"serve", "--partitions", "0"});
    EXPECT_EQ(flag.code, 1);
    EXPECT_THAT(flag.err, HasSubstr("--partitions: hub.partitions must be"));
    EXPECT_THAT(run_capstan({"serve", "--hostname", "good", "--hostname", "b@d"}).err, HasSubstr("--hostname: hub.hostnames must be"));
}

} // namespace
} // namespace capstan
