#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <capstan/version.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command_tree.hpp"
#include "cli/commands.hpp"
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
    for (const char* command : {"serve", "connection-string", "device", "monitor-events", "version", "Examples:"})
        EXPECT_THAT(program.out, HasSubstr(command));
    const auto serve = run_capstan({"serve", "--help"});
    EXPECT_EQ(serve.code, 0);
    for (const server::setting& one : server::all_settings()) {
        EXPECT_THAT(serve.out, HasSubstr(std::string(one.key)));
        EXPECT_THAT(serve.out, HasSubstr(std::string(one.flag)));
        EXPECT_THAT(serve.out, HasSubstr(server::variable_of(one.key)));
    }
    EXPECT_THAT(run_capstan({"connection-string", "--help"}).out, HasSubstr("--event-hub"));
}

TEST(run, every_command_has_help_a_manual_page_and_completion) {
    const test::temporary_folder folder;
    ASSERT_EQ(run_capstan({"manual", (folder / "man1").string()}).code, 0);
    const auto bash = run_capstan({"completion", "bash"}).out;
    const auto zsh = run_capstan({"completion", "zsh"}).out;
    const auto fish = run_capstan({"completion", "fish"}).out;
    CLI::App program;
    cli::action chosen;
    cli::add_commands(program, chosen);
    std::size_t count = 0;
    for (const auto& [command, description, footer, options, below] : cli::describe(program)) {
        if (!below.empty() || command.empty())
            continue;
        ++count;
        EXPECT_NE(description, "") << command;
        auto words = CLI::detail::split(command, ' ');
        words.push_back("--help");
        const auto help = run_capstan(words);
        EXPECT_EQ(help.code, 0) << command;
        EXPECT_THAT(help.out, HasSubstr("Options:")) << command;
        auto page = "capstan-" + command + ".1";
        std::ranges::replace(page, ' ', '-');
        EXPECT_TRUE(std::filesystem::exists(folder / "man1" / page)) << page;
        for (const auto* script : {&bash, &zsh, &fish})
            EXPECT_THAT(*script, HasSubstr("'" + command + "'"));
    }
    EXPECT_GE(count, 40u);
    EXPECT_EQ(run_capstan({"completion", "tcsh"}).code, 1);
    EXPECT_EQ(run_capstan({"manual", "/dev/null/x"}).code, 1);
}

TEST(run, version_is_printed) {
    EXPECT_EQ(run_capstan({"version"}).out, "capstan " + std::string(cli::version) + "\n");
    EXPECT_EQ(cli::version, CAPSTAN_VERSION_TEXT) << "the clients are the same";
    EXPECT_EQ(fmt::format("{}.{}.{}", CAPSTAN_VERSION / 10'000, CAPSTAN_VERSION / 100 % 100, CAPSTAN_VERSION % 100), CAPSTAN_VERSION_TEXT);
}

/// stdout is a device that is always full.
TEST(run, what_cannot_be_written_is_a_failure) {
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{"version"}, {"--help"}, {"completion", "bash"}}) {
        std::fflush(stdout);
        const int saved = ::dup(STDOUT_FILENO), full = ::open("/dev/full", O_WRONLY);
        ::dup2(full, STDOUT_FILENO);
        testing::internal::CaptureStderr();
        std::vector<const char*> argv{"capstan"};
        for (const auto& each : arguments)
            argv.push_back(each.c_str());
        const int code = cli::run(static_cast<int>(argv.size()), argv.data());
        std::fflush(stdout);
        ::dup2(saved, STDOUT_FILENO);
        ::close(saved), ::close(full);
        std::clearerr(stdout);
        std::cout.clear();
        EXPECT_EQ(code, 1) << arguments[0];
        EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("No space left on device")) << arguments[0];
    }
}

TEST(run, wrong_usage_ends_with_1) {
    const std::vector<std::string> rows[] = {{},
                                             {"fly"},
                                             {"serve", "--amqp-harbour", "1"},
                                             {"device"},
                                             {"device", "create"},
                                             {"device", "list", "--top", "0"},
                                             {"device", "show", "d", "--login", "HostName=h", "--hub", "x"},
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
