#include "server/data_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"

namespace capstan::server {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr wall_time birthday{std::chrono::milliseconds(1'800'000'000'123)};
const hub_wishes no_wishes{{}, {}, "hub.example.net"};

TEST(data_folder, is_made_and_comes_back_the_same) {
    const test::temporary_folder parent;
    const fs::path path = parent / "a/b";
    hub_file made;
    {
        const auto folder = data_folder::open(path, no_wishes, birthday);
        ASSERT_TRUE(folder) << folder.error();
        made = folder->hub();
        EXPECT_EQ(folder->path(), path);
    }
    EXPECT_EQ(made.partitions, 4);
    EXPECT_EQ(made.event_hub, "hub");
    EXPECT_EQ(made.created, birthday);
    struct stat status{};
    ASSERT_EQ(::stat((path / "hub.json").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0600u);
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0755u) << "other users read the CA in it";

    const auto again = data_folder::open(path, no_wishes, birthday + std::chrono::hours(1));
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(to_json(again->hub()), to_json(made));
    EXPECT_EQ(again->hub().policies.find("service")->primary_key, made.policies.find("service")->primary_key);
}

TEST(data_folder, what_was_fixed_at_its_making_cannot_be_changed) {
    const test::temporary_folder path;
    ASSERT_TRUE(data_folder::open(path.path(), {8, "telemetry", "hub"}, birthday));
    EXPECT_EQ(data_folder::open(path.path(), no_wishes, birthday)->hub().partitions, 8);
    EXPECT_TRUE(data_folder::open(path.path(), {8, "telemetry", "other"}, birthday));
    EXPECT_THAT(data_folder::open(path.path(), {4, {}, "hub"}, birthday).error(), HasSubstr("hub.partitions is 4"));
    EXPECT_THAT(data_folder::open(path.path(), {{}, "other", "hub"}, birthday).error(), HasSubstr("hub.event_hub is 'other'"));
}

TEST(data_folder, belongs_to_one_hub_at_a_time) {
    const test::temporary_folder path;
    {
        auto first = data_folder::open(path.path(), no_wishes, birthday);
        ASSERT_TRUE(first);
        const data_folder moved = *std::move(first);
        const auto second = data_folder::open(path.path(), no_wishes, birthday);
        ASSERT_FALSE(second);
        EXPECT_THAT(second.error(), HasSubstr("in use by another hub (process " + std::to_string(::getpid()) + ")"));
    }
    EXPECT_TRUE(data_folder::open(path.path(), no_wishes, birthday));
}

TEST(data_folder, may_be_a_disk_of_its_own) {
    const test::temporary_folder path;
    fs::create_directory(path.path() / "lost+found");
    EXPECT_TRUE(data_folder::open(path.path(), no_wishes, birthday));
}

TEST(data_folder, somebody_elses_is_refused_untouched) {
    const test::temporary_folder path;
    path.write("thesis.tex", "all my work");
    EXPECT_THAT(data_folder::open(path.path(), no_wishes, birthday).error(),
                HasSubstr("is not a hub's data folder: it holds 'thesis.tex'"));
    EXPECT_EQ(std::distance(fs::directory_iterator(path.path()), fs::directory_iterator()), 1);
    path.write("CAPSTAN", "");
    EXPECT_TRUE(data_folder::open(path.path(), no_wishes, birthday)) << "the store's marker says that it is a hub's after all";
}

TEST(data_folder, a_file_is_no_folder) {
    const test::temporary_folder parent;
    EXPECT_THAT(data_folder::open(parent.write("file", ""), no_wishes, birthday).error(), HasSubstr("is not a folder"));
    EXPECT_THAT(data_folder::open(parent / "file/below", no_wishes, birthday).error(), HasSubstr("cannot make the data folder"));
}

TEST(data_folder, leftovers_of_a_killed_hub_go_away) {
    const test::temporary_folder path;
    for (const char* name : {"hub.json.tmp", "endpoints.json.tmp", "endpoints.json"})
        path.write(name, "half");
    ASSERT_TRUE(data_folder::open(path.path(), no_wishes, birthday));
    for (const char* name : {"hub.json.tmp", "endpoints.json.tmp", "endpoints.json"})
        EXPECT_FALSE(fs::exists(path / name)) << name;
}

TEST(data_folder, a_store_without_its_keys_is_refused) {
    const test::temporary_folder path;
    fs::create_directory(path / "store");
    EXPECT_THAT(data_folder::open(path.path(), no_wishes, birthday).error(), HasSubstr("hub.json is missing"));
    EXPECT_FALSE(fs::exists(path / "hub.json"));
}

TEST(data_folder, publishes_endpoints_while_it_is_open) {
    const test::temporary_folder path;
    const fs::path file = endpoints_file_in(path.path());
    EXPECT_THAT(read_endpoints(file).error(), HasSubstr("no hub is running"));
    {
        auto folder = data_folder::open(path.path(), no_wishes, birthday);
        ASSERT_TRUE(folder->publish({{"hub", "::1"}, 15671, 8443, path.path(), path / "tls/ca.pem", 42, "::"}));
        const auto read = read_endpoints(file);
        ASSERT_TRUE(read) << read.error();
        EXPECT_THAT(read->hostnames, testing::ElementsAre("hub", "::1"));
        EXPECT_EQ(read->amqps_port, 15671);
        EXPECT_EQ(read->https_port, 8443);
        EXPECT_EQ(read->data_folder, path.path());
        EXPECT_EQ(read->ca, path / "tls/ca.pem");
        EXPECT_EQ(read->pid, 42);
        EXPECT_EQ(read->bind, "::");
    }
    EXPECT_FALSE(fs::exists(file));
}

TEST(endpoints, a_corrupt_file_is_named) {
    const test::temporary_folder path;
    for (const char* content :
         {"", "{", "[]", "{}", R"({"hostnames":[],"amqps_port":1,"https_port":1,"data_folder":"","ca_path":"","pid":1})",
          R"({"hostnames":["a"],"amqps_port":70000,"https_port":1,"data_folder":"","ca_path":"","pid":1})"})
        EXPECT_THAT(read_endpoints(path.write("endpoints.json", content)).error(), HasSubstr("endpoints.json is corrupt")) << content;
}

TEST(hub_file, a_corrupt_file_is_named_and_not_quoted) {
    const test::temporary_folder path;
    ASSERT_TRUE(data_folder::open(path.path(), no_wishes, birthday));
    const std::string good = path.read("hub.json");
    const auto replaced = [&good](std::string_view from, std::string_view to) {
        std::string text = good;
        return text.replace(text.find(from), from.size(), to);
    };
    const std::string key = read_hub_file(path / "hub.json")->policies.find("service")->primary_key;
    const std::string rows[] = {"",
                                "{}",
                                "null",
                                good.substr(0, good.size() / 2),
                                replaced("\"version\":1", "\"version\":2"),
                                replaced("\"partitions\":4", "\"partitions\":0"),
                                replaced("\"partitions\":4", "\"partitions\":65536"),
                                replaced("ServiceConnect", "Everything"),
                                replaced(key, "c2hvcnQ="),
                                replaced(key, key + "!"),
                                replaced("\"service\"", "\"\"")};
    for (const std::string& content : rows) {
        path.write("hub.json", content);
        const auto folder = data_folder::open(path.path(), no_wishes, birthday);
        ASSERT_FALSE(folder) << content;
        EXPECT_THAT(folder.error(), HasSubstr("hub.json is corrupt")) << content;
        EXPECT_THAT(folder.error(), Not(HasSubstr(key)));
        EXPECT_EQ(path.read("hub.json"), content) << "it must not be made anew";
    }
    path.write("hub.json", std::string(2 * 1024 * 1024, ' '));
    EXPECT_THAT(data_folder::open(path.path(), no_wishes, birthday).error(), HasSubstr("too large"));
}

TEST(data_folder, keeps_consumer_groups_and_all_else) {
    const test::temporary_folder parent;
    const fs::path path = parent / "hub";
    std::string key;
    {
        auto folder = *data_folder::open(path, no_wishes, birthday);
        EXPECT_TRUE(folder.hub().consumer_groups.empty());
        key = folder.hub().policies.find("service")->primary_key;
        ASSERT_TRUE(folder.keep_consumer_groups({"alarms", "reports"}));
    }
    const auto again = data_folder::open(path, no_wishes, birthday);
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(again->hub().consumer_groups, (std::vector<std::string>{"alarms", "reports"}));
    EXPECT_EQ(again->hub().policies.find("service")->primary_key, key);
}

} // namespace
} // namespace capstan::server
