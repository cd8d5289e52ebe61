#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/data_folder.hpp"
#include "store/store.hpp"
#include "support/manual_run_queue.hpp"
#include "support/temporary_folder.hpp"
#include "unit/cli/command_line.hpp"

namespace capstan {
namespace {

using test::run_capstan;
using testing::HasSubstr;

constexpr wall_time now{std::chrono::seconds(1'800'000'000)};

struct hub_of_a_folder : testing::Test {
    test::temporary_folder parent;
    std::string path = parent / "hub";
    std::optional<server::data_folder> folder;

    void SetUp() override {
        auto opened = server::data_folder::open(path, {4, "telemetry", "hub.example.net"}, now);
        ASSERT_TRUE(opened) << opened.error();
        folder.emplace(*std::move(opened));
    }
    void run_on(const std::string& host, std::uint16_t amqps, std::uint16_t https) {
        ASSERT_TRUE(folder->publish({{host}, amqps, https, path, path + "/tls/ca.pem", 1, "127.0.0.1"}));
    }
    void run_without_tls_on(std::uint16_t amqp) {
        ASSERT_TRUE(folder->publish({{"localhost"}, 15671, 8443, path, path + "/tls/ca.pem", 1, "127.0.0.1", amqp}));
    }
    static void put(store::store& into, const store::device& device) {
        std::optional<bool> done;
        test::manual_run_queue queue;
        into.devices().put(device, store::must_not_exist{},
                           {queue, [&](const store::outcome<store::device>& result) { done = result.has_value(); }});
        ASSERT_TRUE(queue.run_until([&] { return done.has_value(); }));
        EXPECT_TRUE(*done);
    }
    const std::string& key(std::string_view policy) const { return folder->hub().policies.find(policy)->primary_key; }
};

using connection_string_command = hub_of_a_folder;

TEST_F(connection_string_command, prints_the_owners_and_any_policys) {
    run_on("hub.example.net", 5671, 443);
    const auto owner = run_capstan({"connection-string", "--data", path});
    EXPECT_EQ(owner.code, 0);
    EXPECT_EQ(owner.out, "HostName=hub.example.net;SharedAccessKeyName=iothubowner;SharedAccessKey=" + key("iothubowner") + "\n");
    EXPECT_EQ(owner.err, "");
    EXPECT_EQ(run_capstan({"connection-string", "--hub", path, "--policy", "device"}).out,
              "HostName=hub.example.net;SharedAccessKeyName=device;SharedAccessKey=" + key("device") + "\n");
    EXPECT_EQ(run_capstan({"connection-string", "show", "--hub", path, "--policy-name", "device", "--key-type", "secondary"}).out,
              "HostName=hub.example.net;SharedAccessKeyName=device;SharedAccessKey=" +
                  folder->hub().policies.find("device")->secondary_key + "\n");
    const auto unknown = run_capstan({"connection-string", "--hub", path, "--policy", "root"});
    EXPECT_EQ(unknown.code, 1);
    EXPECT_THAT(unknown.err, HasSubstr("it has iothubowner, service, device, registryRead, registryReadWrite"));
}

TEST_F(connection_string_command, for_event_hubs_names_the_port_only_if_it_must) {
    const std::string rest = ";SharedAccessKeyName=service;SharedAccessKey=" + key("service") + ";EntityPath=telemetry\n";
    run_on("hub.example.net", 5671, 443);
    EXPECT_EQ(run_capstan({"connection-string", "--hub", path, "--event-hub"}).out, "Endpoint=sb://hub.example.net/" + rest);
    run_on("::1", 15671, 8443);
    const auto other = run_capstan({"connection-string", "--hub", path, "--event-hub"});
    EXPECT_EQ(other.out, "Endpoint=sb://[::1]:15671/" + rest);
    EXPECT_THAT(other.err, HasSubstr("15671"));
}

TEST_F(connection_string_command, of_an_endpoint_of_the_routes) {
    run_on("hub.example.net", 5671, 443);
    const auto print = [this](std::vector<std::string> more) {
        std::vector<std::string> words{"connection-string", "show", "--hub", path, "--default-eventhub", "--event-hub-name"};
        words.insert(words.end(), more.begin(), more.end());
        return run_capstan(words);
    };
    const auto rest = "SharedAccessKey=" + key("service") + ";EntityPath=";
    const auto config = parent.write("capstan.toml", "[[routing.endpoints]]\nname = \"alarms\"\n").string();
    EXPECT_THAT(print({"alarms", "--config", config}).out, testing::EndsWith(rest + "alarms\n"));
    EXPECT_THAT(print({"events"}).out, testing::EndsWith(rest + "telemetry\n"));
    EXPECT_EQ(print({"alarms"}).code, 1);
    EXPECT_THAT(print({"alarms"}).err, HasSubstr("no endpoint 'alarms'"));
    std::filesystem::create_directories(path + "/event-hubs/alarms");
    EXPECT_THAT(print({"alarms"}).out, testing::EndsWith(rest + "alarms\n")) << "as the hub has had it";
}

TEST_F(connection_string_command, for_event_hubs_without_tls_needs_a_port_for_it) {
    const auto print = [this] { return run_capstan({"connection-string", "--hub", path, "--event-hub", "--development-emulator"}); };
    const std::string rest =
        ";SharedAccessKeyName=service;SharedAccessKey=" + key("service") + ";EntityPath=telemetry;UseDevelopmentEmulator=true\n";
    run_without_tls_on(5672);
    EXPECT_EQ(print().out, "Endpoint=sb://localhost/" + rest);
    EXPECT_EQ(print().err, "");
    run_without_tls_on(15672);
    EXPECT_EQ(print().out, "Endpoint=sb://localhost:15672/" + rest);
    run_on("localhost", 5671, 443);
    EXPECT_EQ(print().out, "");
    EXPECT_THAT(print().err, HasSubstr("--amqp-port"));
}

TEST_F(connection_string_command, notes_on_unusual_ports_go_to_stderr) {
    run_on("localhost", 15671, 8443);
    const auto printed = run_capstan({"connection-string", "--hub", path});
    EXPECT_THAT(printed.out, testing::StartsWith("HostName=localhost;"));
    EXPECT_THAT(printed.err, testing::AllOf(HasSubstr("AMQPS port is 15671"), HasSubstr("HTTPS port is 8443")));
}

TEST_F(connection_string_command, works_while_the_hub_does_not_run) {
    EXPECT_THAT(run_capstan({"connection-string", "--hub", path}).out, testing::StartsWith("HostName=localhost;"));
    const auto file = parent.write("capstan.toml", "[hub]\nhostnames = [\"a.example\"]\n[data]\nfolder = \"" + path + "\"\n");
    EXPECT_THAT(run_capstan({"connection-string", "--config", file}).out, testing::StartsWith("HostName=a.example;"));
}

/// Of devices too: their keys are in the store, which is read while nobody has it open.
TEST_F(connection_string_command, of_a_device_is_read_from_the_store_of_a_hub_that_does_not_run) {
    const auto print = [this](const std::string& id, const std::string& which = "primary") {
        return run_capstan({"connection-string", "--hub", path, "--device", id, "--key-type", which});
    };
    const auto in_use = print("dev1");
    EXPECT_EQ(in_use.code, 3) << "the test has the folder, and is no hub that answers";
    EXPECT_THAT(in_use.err, HasSubstr("in use"));
    const store::partition_id partitions = folder->hub().partitions;
    folder.reset();
    EXPECT_EQ(print("dev1").code, 2) << "a hub that has never run has no devices";
    {
        const system_wall_clock clock;
        const auto opened = store::open_rocksdb_store(clock, {path, partitions});
        ASSERT_TRUE(opened);
        store::device device;
        device.id = "dev1";
        device.primary_key = "cHJpbWFyeQ==";
        device.secondary_key = "c2Vjb25kYXJ5";
        put(**opened, device);
        device.id = "dev2";
        device.authentication = store::authentication_type::self_signed;
        put(**opened, device);
        (*opened)->close();
    }
    EXPECT_EQ(print("dev1").out, "HostName=localhost;DeviceId=dev1;SharedAccessKey=cHJpbWFyeQ==\n");
    EXPECT_EQ(print("dev1", "secondary").out, "HostName=localhost;DeviceId=dev1;SharedAccessKey=c2Vjb25kYXJ5\n");
    EXPECT_EQ(print("dev2").out, "HostName=localhost;DeviceId=dev2;x509=true\n");
    const auto absent = print("absent");
    EXPECT_EQ(absent.code, 2);
    EXPECT_THAT(absent.err, HasSubstr("has no device 'absent'"));
}

TEST_F(connection_string_command, a_folder_without_a_hub_is_an_error) {
    const auto printed = run_capstan({"connection-string", "--hub", parent / "none"});
    EXPECT_EQ(printed.code, 1);
    EXPECT_EQ(printed.out, "");
    EXPECT_THAT(printed.err, HasSubstr("none/hub.json"));
}

} // namespace
} // namespace capstan
