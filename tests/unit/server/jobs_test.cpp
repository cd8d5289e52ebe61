// Import and export of devices: files, where they may be, and what is in them. contract/rest.md, section 8.

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/jobs/file_container.hpp"
#include "server/jobs/http_container.hpp"
#include "server/jobs/registry_transfer.hpp"
#include "store/store.hpp"
#include "support/manual_clock.hpp"
#include "support/temporary_folder.hpp"

namespace capstan::server {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class file_container_test : public testing::Test {
protected:
    bool opens(const std::string& uri) { return open_file_container(uri, jobs).has_value(); }
    test::temporary_folder folder;
    fs::path jobs = folder.path() / "jobs";
};

TEST_F(file_container_test, folders_below_that_of_the_operator) {
    const auto below = "file://" + jobs.string();
    for (const auto& uri : {std::string("nightly"), std::string("plant/seven"), below, below + "/", below + "/a%20b", below + "//x"})
        EXPECT_TRUE(opens(uri)) << uri;
    EXPECT_TRUE(fs::is_directory(jobs / "plant" / "seven"));
    EXPECT_TRUE(fs::is_directory(jobs / "a b"));
}

TEST_F(file_container_test, nothing_leads_out) {
    fs::create_directories(jobs);
    fs::create_directories(folder.path() / "elsewhere");
    fs::create_symlink(folder.path() / "elsewhere", jobs / "link");
    std::ofstream(jobs / "file") << "x";
    const auto here = folder.path().string();
    for (const auto& uri : {std::string("../elsewhere"), std::string("a/../../elsewhere"), std::string("link"), std::string("link/deeper"),
                            std::string("file"), std::string("/etc"), "file://" + here, "file://" + here + "/elsewhere",
                            "file://" + here + "/jobs/../elsewhere", "file://" + here + "/jobs/%2e%2e/elsewhere",
                            "file://" + here + "/jobs/link", "file://" + here + "/jobs2", std::string("file://etc"),
                            std::string("file://host/share"), std::string("file:///"), std::string("file://"), std::string("..")})
        EXPECT_FALSE(opens(uri)) << uri;
    EXPECT_TRUE(fs::is_empty(folder.path() / "elsewhere"));
    EXPECT_FALSE(fs::exists(folder.path() / "jobs2"));
}

TEST_F(file_container_test, a_blob_is_there_when_it_is_published) {
    const auto container = open_file_container("out", jobs).value();
    EXPECT_THAT(container->fetch("devices.txt").error(), HasSubstr("no file 'devices.txt'"));
    std::ofstream(container->prepare("devices.txt").value()) << "x";
    EXPECT_FALSE(fs::exists(jobs / "out" / "devices.txt"));
    ASSERT_TRUE(container->publish("devices.txt"));
    EXPECT_EQ(container->fetch("devices.txt"), fs::canonical(jobs) / "out" / "devices.txt");
    fs::create_symlink("/etc/hostname", jobs / "out" / "secret");
    EXPECT_FALSE(container->fetch("secret")) << "a link is not followed";
}

TEST(http_container, calls_nobody_who_is_not_listed) {
    const test::temporary_folder folder;
    const std::atomic<bool> interrupted{false};
    config::jobs_section rules;
    rules.storage_hosts = {"store.example.net", "127.0.0.1:10000"};
    const auto opened = [&](const std::string& uri) { return open_http_container(uri, rules, folder.path(), interrupted); };
    EXPECT_EQ(opened("https://Store.example.net/box?sv=1&sig=secret").value()->name(), "https://Store.example.net/box");
    EXPECT_TRUE(opened("http://127.0.0.1:10000/account/box?sig=x"));
    for (const auto* uri : {"https://other.example.net/box?sig=secret", "https://store.example.net:8443/box", "https://store.example.net",
                            "https://store.example.net/", "https://store.example.net?x/y", "https://a@store.example.net/box",
                            "https://store.example.net@evil/box", "https://store.example.net/box#x"}) {
        const auto refused = opened(uri);
        ASSERT_FALSE(refused) << uri;
        EXPECT_THAT(refused.error(), testing::Not(HasSubstr("secret")));
    }
}

class transfer_test : public testing::Test {
protected:
    transfer_test() : devices(store_->devices(), rules, clock) {}
    ~transfer_test() override { store_->close(); }

    std::string import(const std::string& lines) {
        std::ofstream(in, std::ios::binary) << lines;
        fs::remove(errors);
        return import_devices(in, devices, errors, queue, [](unsigned) { return true; });
    }
    std::string exported(bool with_keys = true) {
        EXPECT_EQ(export_devices(devices, out, with_keys, [](unsigned) { return true; }), "");
        return content(out);
    }
    static std::string content(const fs::path& file) {
        std::ostringstream text;
        text << std::ifstream(file, std::ios::binary).rdbuf();
        return text.str();
    }

    test::temporary_folder folder;
    fs::path in = folder.path() / "in", out = folder.path() / "out", errors = folder.path() / "errors";
    test::manual_clock clock;
    std::unique_ptr<store::store> store_ = store::open_memory_store(clock, 1);
    hub::settings rules;
    hub::registry devices;
    work_queue queue;
};

constexpr const char* key = "a2V5IG9mIHNpeHRlZW4gYnl0ZXM=";

TEST_F(transfer_test, what_is_exported_comes_back_as_it_was) {
    ASSERT_EQ(
        import(
            "{\"id\":\"edge\",\"capabilities\":{\"iotEdge\":true}}\r\n{\"id\":\"off\",\"status\":\"disabled\",\"statusReason\":\"why\"}\r\n"
            "{\"id\":\"off\",\"moduleId\":\"m\",\"managedBy\":\"me\"}\n"),
        "");
    EXPECT_FALSE(fs::exists(errors));
    const auto scope = devices.find("edge")->scope;
    ASSERT_EQ(import("{\"id\":\"a-child\",\"deviceScope\":\"" + scope + "\",\"parentScopes\":[\"" + scope + "\"]}"), "");
    const auto lines = exported();
    EXPECT_EQ(std::ranges::count(lines, '\n'), 4);
    EXPECT_THAT(lines, testing::EndsWith("}\r\n"));
    // Into an empty registry: the child comes before its parent.
    store_->close();
    store_ = store::open_memory_store(clock, 1);
    hub::registry empty(store_->devices(), rules, clock);
    ASSERT_EQ(import_devices(out, empty, errors, queue, [](unsigned) { return true; }), "");
    EXPECT_FALSE(fs::exists(errors)) << content(errors);
    EXPECT_EQ(empty.find("edge")->scope, scope);
    EXPECT_EQ(empty.find("a-child")->scope, scope);
    EXPECT_EQ(empty.find("off")->status_reason, "why");
    EXPECT_EQ(empty.find("off/m")->managed_by, "me");
}

TEST_F(transfer_test, keys_can_be_left_out) {
    ASSERT_EQ(import(std::string(R"({"id":"d","authentication":{"symmetricKey":{"primaryKey":")") + key + R"(","secondaryKey":")" + key +
                     "\"}}}"),
              "");
    EXPECT_THAT(exported(), HasSubstr(std::string(R"("symmetricKey":{"primaryKey":")") + key));
    EXPECT_THAT(exported(false), HasSubstr(R"("symmetricKey":{"primaryKey":null,"secondaryKey":null})"));
}

TEST_F(transfer_test, each_line_that_is_refused_is_told_by_its_number) {
    ASSERT_EQ(import("\xef\xbb\xbf{\"id\":\"a\"}\r\n\r\n{\"id\":\"a\",\"importMode\":\"create\"}\n[]\n{\"id\":\"b c\"}\n"
                     "{\"id\":\"x\",\"importMode\":\"delete\"}\n{\"id\":\"n\",\"moduleId\":\"m\"}\n" +
                     std::string(70'000, 'x') + "\n{\"id\":\"z\"}"),
              "");
    EXPECT_TRUE(devices.find("a"));
    EXPECT_TRUE(devices.find("z")) << "the last line, without an end";
    std::istringstream log(content(errors));
    std::multiset<std::string> told;
    for (std::string line; std::getline(log, line);) {
        EXPECT_TRUE(line.ends_with("\r"));
        const auto entry = boost::json::parse(line);
        EXPECT_FALSE(entry.at("errorStatus").as_string().empty());
        told.insert(std::string(entry.at("deviceId").as_string()) + ' ' + std::to_string(entry.at("errorCode").as_int64()));
    }
    EXPECT_EQ(told, (std::multiset<std::string>{" 400006", " 400006", "a 409001", "b c 400004", "n 404001", "x 404001"}));
}

TEST_F(transfer_test, modules_may_come_before_their_device) {
    ASSERT_EQ(import("{\"id\":\"d\",\"moduleId\":\"m\"}\n{\"id\":\"d\"}\n"), "");
    EXPECT_FALSE(fs::exists(errors));
    EXPECT_TRUE(devices.find("d/m"));
}

TEST_F(transfer_test, it_can_be_left_off) {
    std::string many;
    for (int number = 0; number < 250; ++number)
        many += "{\"id\":\"d" + std::to_string(number) + "\"}\n";
    std::ofstream(in) << many;
    EXPECT_EQ(import_devices(in, devices, errors, queue, [](unsigned) { return false; }), "");
    EXPECT_LT(devices.count().total, 250u);
    EXPECT_EQ(import_devices(folder.path() / "none", devices, errors, queue, [](unsigned) { return true; }), "the input cannot be read");
}

} // namespace
} // namespace capstan::server
