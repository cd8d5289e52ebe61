#include "server/config.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/settings.hpp"
#include "support/temporary_folder.hpp"

namespace capstan::server {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(config, defaults) {
    const auto loaded = load_config({});
    ASSERT_TRUE(loaded) << loaded.error();
    EXPECT_THAT(loaded->hub.hostnames, ElementsAre("localhost"));
    EXPECT_FALSE(loaded->hub.partitions);
    EXPECT_EQ(loaded->listen.amqps_port, 5671);
    EXPECT_EQ(loaded->listen.https_port, 443);
    EXPECT_FALSE(loaded->listen.amqp_port) << "without TLS: only for who asks";
    EXPECT_EQ(loaded->listen.amqp_bind, "127.0.0.1");
    EXPECT_EQ(loaded->commands.lock, 60s);
    EXPECT_EQ(loaded->telemetry.retention, 24h);
}

TEST(config, a_file_sets_every_type) {
    const test::temporary_folder folder;
    const auto file = folder.write("capstan.toml", R"(
        [hub]
        hostnames = ["hub.example.net", "10.0.0.7", "fe80::1"]
        partitions = 32
        [listen]
        bind = "::"
        amqps_port = 0
        [data]
        folder = "/srv/capstan"
        ephemeral = true
        [commands]
        default_ttl = "2d"
        lock = 30
        [telemetry]
        retention = "36h"
    )");
    const auto loaded = load_config({file, {}, {}});
    ASSERT_TRUE(loaded) << loaded.error();
    EXPECT_THAT(loaded->hub.hostnames, ElementsAre("hub.example.net", "10.0.0.7", "fe80::1"));
    EXPECT_EQ(loaded->hub.partitions, 32);
    EXPECT_EQ(loaded->listen.bind, "::");
    EXPECT_EQ(loaded->listen.amqps_port, 0);
    EXPECT_EQ(loaded->data.folder, "/srv/capstan");
    EXPECT_TRUE(loaded->data.ephemeral);
    EXPECT_EQ(loaded->commands.default_ttl, 48h);
    EXPECT_EQ(loaded->commands.lock, 30s);
    EXPECT_EQ(loaded->telemetry.retention, 36h);
}

TEST(config, flag_before_variable_before_file_before_default) {
    const test::temporary_folder folder;
    const auto file = folder.write("capstan.toml", "[listen]\namqps_port = 1\nhttps_port = 1\nthreads = 1\n");
    const config_sources sources{
        file,
        {{"CAPSTAN_LISTEN__AMQPS_PORT", "2"}, {"CAPSTAN_LISTEN__HTTPS_PORT", "2"}, {"PATH", "/bin"}, {"CAPSTAN_HOME", "x"}},
        {{"--amqps-port", "listen.amqps_port", {"3"}}}};
    const auto loaded = load_config(sources);
    ASSERT_TRUE(loaded) << loaded.error();
    EXPECT_EQ(loaded->listen.amqps_port, 3);
    EXPECT_EQ(loaded->listen.https_port, 2);
    EXPECT_EQ(loaded->listen.threads, 1);
    EXPECT_EQ(loaded->limits.connections, 100'000u);
}

TEST(config, lists_from_variables_and_flags) {
    const auto variable = load_config({{}, {{"CAPSTAN_HUB__HOSTNAMES", "a.example,b.example"}}, {}});
    ASSERT_TRUE(variable);
    EXPECT_THAT(variable->hub.hostnames, ElementsAre("a.example", "b.example"));
    const auto flags = load_config({{}, {}, {{"--hostname", "hub.hostnames", {"c.example", "127.0.0.1"}}}});
    ASSERT_TRUE(flags);
    EXPECT_THAT(flags->hub.hostnames, ElementsAre("c.example", "127.0.0.1"));
}

TEST(config, an_error_in_a_file_names_file_and_line) {
    const std::pair<const char*, const char*> rows[] = {
        {"[listen]\nport = 1\n", ":2: there is no setting 'listen.port'"},
        {"\n[lisen]\namqps_port = 1\n", ":3: there is no setting 'lisen.amqps_port'"},
        {"amqps_port = 1\n", ":1: 'amqps_port' stands outside of a [section]"},
        {"[listen]\n\namqps_port = \"many\"\n", ":3: listen.amqps_port must be a whole number from 0 to 65535"},
        {"[listen]\namqps_port = 65536\n", ":2: listen.amqps_port must be a whole number"},
        {"[listen]\namqps_port = 1.5\n", ":2: listen.amqps_port has a value of a type"},
        {"[listen]\nbind = \"localhost\"\n", ":2: listen.bind must be an IP address"},
        {"[hub]\npartitions = 0\n", ":2: hub.partitions must be a whole number from 1 to 128"},
        {"[hub]\nhostnames = []\n", ":2: hub.hostnames must be one to"},
        {"[hub]\nhostnames = [1]\n", ":2: hub.hostnames has a value of a type"},
        {"[hub]\nhostnames = [\"a_b\"]\n", ":2: hub.hostnames must be one to"},
        {"[hub]\nevent_hub = \"a/b\"\n", ":2: hub.event_hub must be 1 to 50"},
        {"[hub.deep]\nx = 1\n", ":1: there is no setting 'hub.deep'"},
        {"[commands]\nlock = \"6m\"\n", ":2: commands.lock must be a duration from 1s to 5m"},
        {"[commands]\nlock = \"10 s\"\n", ":2: commands.lock must be a duration"},
        {"[commands]\nlock = -10\n", ":2: commands.lock must be a duration"},
        {"[commands]\nlock = \"99999999999999999999s\"\n", ":2: commands.lock must be a duration"},
        {"[data]\nephemeral = \"yes\"\n", ":2: data.ephemeral must be true or false"},
        {"[log]\nlevel = \"loud\"\n", ":2: log.level must be one of trace, debug"},
        {"[log]\nlevel = 7\n", ":2: log.level must be a text"},
        {"[routing]\nfall_back = true\n", ":2: there is no setting 'fall_back' here"},
        {"[routing]\nroutes = 1\n", ":2: this must be a list of tables: write [[..]]"},
        {"[[routing.routes]]\nname = \"a\"\nendpoints = \"events\"\n", ":3: this must be a list of texts"},
        {"[[routing.routes]]\nname = \"a\"\nwhere = \"events\"\n", ":3: there is no setting 'where' here"},
        {"[[routing.endpoints]]\nname = \"a\"\ntype = \"queue\"\n", ":3: this must be \"event-hub\", \"file\" or \"webhook\""},
        {"[[routing.endpoints]]\npartitions = 129\n", ":2: this must be a whole number from 1 to 128"},
        {"[[routing.endpoints]]\nretention = \"1x\"\n", ":2: this must be a duration from 60s to"},
        {"[listen\n", ":1: "},
        {"[listen]\namqps_port = 1\namqps_port = 2\n", ":3: "},
    };
    const test::temporary_folder folder;
    for (const auto& [content, error] : rows) {
        const auto file = folder.write("capstan.toml", content);
        const auto loaded = load_config({file, {}, {}});
        ASSERT_FALSE(loaded) << content;
        EXPECT_THAT(loaded.error(), StartsWith(file.string() + error)) << content;
    }
    EXPECT_THAT(load_config({folder / "none.toml", {}, {}}).error(), HasSubstr("none.toml"));
}

TEST(config, an_error_elsewhere_names_the_variable_or_flag) {
    EXPECT_EQ(load_config({{}, {{"CAPSTAN_LISTEN__PORT", "1"}}, {}}).error(),
              "environment variable CAPSTAN_LISTEN__PORT: there is no such setting");
    EXPECT_THAT(load_config({{}, {{"CAPSTAN_LISTEN__AMQPS_PORT", ""}}, {}}).error(),
                StartsWith("environment variable CAPSTAN_LISTEN__AMQPS_PORT: listen.amqps_port must be"));
    EXPECT_THAT(load_config({{}, {}, {{"--partitions", "hub.partitions", {"4x"}}}}).error(),
                StartsWith("--partitions: hub.partitions must be"));
}

TEST(config, routes_are_read_and_checked) {
    const test::temporary_folder folder;
    const auto file = folder.write("capstan.toml", R"(
[routing]
fallback = false
[[routing.endpoints]]
name = "hook"
type = "webhook"
url = "https://example.net/in"
headers = ["X-Key: 1"]
batch = 7
[[routing.routes]]
name = "hot"
condition = "AS_NUMBER(level) > 3"
endpoints = ["hook", "events"]
[[routing.enrichments]]
key = "plant"
value = "seven"
endpoints = ["hook"]
)");
    const auto loaded = load_config({file, {}, {}});
    ASSERT_TRUE(loaded) << loaded.error();
    EXPECT_FALSE(loaded->routes.fallback);
    EXPECT_EQ(loaded->routes.endpoints.at(0).url, "https://example.net/in");
    EXPECT_EQ(loaded->routes.endpoints.at(0).batch, 7u);
    EXPECT_EQ(loaded->routes.list.at(0).condition, "AS_NUMBER(level) > 3");
    EXPECT_EQ(loaded->routes.enrichments.at(0).value, "seven");
    const auto wrong =
        folder.write("wrong.toml", "[[routing.routes]]\nname = \"hot\"\ncondition = \"level > 3\"\nendpoints = [\"events\"]\n");
    EXPECT_THAT(load_config({wrong, {}, {}}).error(), StartsWith("routing: route 'hot': 1:9: text and a number do not go together"));
}

TEST(config, certificate_and_key_go_together) {
    EXPECT_THAT(load_config({{}, {{"CAPSTAN_TLS__KEY", "k.pem"}}, {}}).error(), HasSubstr("together"));
    EXPECT_THAT(load_config({{}, {{"CAPSTAN_TLS__CA", "ca.pem"}}, {}}).error(), HasSubstr("tls.ca needs"));
    EXPECT_THAT(load_config({{}, {{"CAPSTAN_TLS__MORE_CERTIFICATES", "a.pem,b.pem"}, {"CAPSTAN_TLS__MORE_KEYS", "a.key"}}, {}}).error(),
                HasSubstr("tls.more_keys must name as many"));
}

TEST(settings, each_default_is_a_value_that_its_setting_takes) {
    std::set<std::string_view> keys;
    for (const setting& one : all_settings()) {
        EXPECT_TRUE(keys.insert(one.key).second) << one.key;
        config changed;
        const std::string shown = one.show(changed);
        if (!shown.empty()) {
            const auto assigned = one.assign(changed, shown);
            EXPECT_TRUE(assigned) << one.key << ": " << assigned.error();
            EXPECT_EQ(one.show(changed), shown);
        }
    }
    EXPECT_EQ(variable_of("commands.default_ttl"), "CAPSTAN_COMMANDS__DEFAULT_TTL");
    EXPECT_FALSE(find_setting("hub"));
}

} // namespace
} // namespace capstan::server
