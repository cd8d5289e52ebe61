#include "hub/access.hpp"

#include <gtest/gtest.h>

#include "auth/percent.hpp"
#include "store/store.hpp"
#include "support/manual_clock.hpp"
#include "support/manual_run_queue.hpp"

namespace capstan::hub {
namespace {

using kind = principal::kind;

const std::string first_key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const std::string second_key = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY=";
constexpr std::string_view bad_signature =
    "The specified SAS token has an invalid signature. It does not match either the primary or secondary key.";

struct access_test : testing::Test {
    test::manual_clock clock;
    test::manual_run_queue queue;
    auth::policy_set policies = auth::policy_set::built_in();
    std::unique_ptr<store::store> store = store::open_memory_store(clock, 1);
    settings rules = [] {
        settings made;
        made.host_names = {"hub.local", "Other.Example"};
        made.name = "hub";
        made.event_hub = "telemetry";
        return made;
    }();
    access checker{rules, policies, store->devices(), clock};

    ~access_test() override {
        store->close();
        queue.drain();
    }

    void put(store::device device, store::condition when = store::must_not_exist{}) {
        store->devices().put(std::move(device), std::move(when),
                             {queue, [](const store::outcome<store::device>& result) { ASSERT_TRUE(result); }});
        queue.drain();
    }
    void add(const std::string& id, std::string key = first_key, bool enabled = true) {
        store::device device;
        device.id = id;
        device.generation_id = "g-" + id;
        device.primary_key = std::move(key);
        device.secondary_key = second_key;
        device.enabled = enabled;
        put(device);
    }

    std::string policy_token(const std::string& policy, const std::string& resource = "hub.local",
                             std::chrono::seconds life = std::chrono::hours(1)) {
        return auth::make_sas_token(resource, policies.find(policy)->primary_key, policy, clock.now() + life);
    }
    std::string device_token(const std::string& resource, const std::string& key = first_key,
                             std::chrono::seconds life = std::chrono::hours(1)) {
        return auth::make_sas_token(resource, key, "", clock.now() + life);
    }
    principal policy(const std::string& name, const std::string& resource = "hub.local") {
        return checker.check_token(policy_token(name, resource)).value();
    }
    bool acts_as(const principal& who, const std::string& id, const std::string& leaf = "/messages/events") {
        const auto device = checker.find_device(id);
        return device && checker.may_act_as_device(who, *device, "/devices/" + id + leaf);
    }
    std::pair<int, std::string> refused(const std::string& token) {
        const auto shown = checker.check_token(token);
        return shown ? std::pair(0, std::string()) : std::pair(shown.error().status, shown.error().text);
    }
    std::expected<principal, access::refusal> plain(const std::string& user, const std::string& password) {
        const std::string text = '\0' + user + '\0' + password;
        return checker.check_plain(as_bytes(text));
    }
};

TEST_F(access_test, policies_have_their_rights_and_no_others) {
    struct row {
        std::string policy;
        bool reads, writes, serves, connects;
    };
    add("dev1");
    for (const auto& [name, reads, writes, serves, connects] :
         {row{"iothubowner", true, true, true, true}, //
          row{"service", false, false, true, false}, row{"device", false, false, false, true},
          row{"registryRead", true, false, false, false}, row{"registryReadWrite", true, true, false, false}}) {
        const auto who = policy(name);
        EXPECT_EQ(who.what, kind::policy);
        EXPECT_EQ(who.name, name);
        EXPECT_EQ(checker.may_read_registry(who, "/devices"), reads) << name;
        EXPECT_EQ(checker.may_write_registry(who, "/devices/dev1"), writes) << name;
        EXPECT_EQ(checker.may_use_service(who, "/messages/devicebound"), serves) << name;
        EXPECT_EQ(acts_as(who, "dev1"), connects) << name;
    }
}

TEST_F(access_test, either_key_of_a_policy_signs) {
    const auto* owner = policies.find("iothubowner");
    for (const auto& key : {owner->primary_key, owner->secondary_key})
        EXPECT_TRUE(checker.check_token(auth::make_sas_token("hub.local", key, "iothubowner", clock.now())));
}

TEST_F(access_test, an_unknown_policy_looks_like_a_wrong_signature) {
    const auto token = [&](const std::string& policy) { return auth::make_sas_token("hub.local", first_key, policy, clock.now()); };
    EXPECT_EQ(refused(token("iothubowner")), std::pair(401, std::string(bad_signature)));
    EXPECT_EQ(refused(token("nosuchpolicy")), refused(token("iothubowner")));
}

TEST_F(access_test, a_token_counts_for_five_minutes_after_its_end) {
    const auto token = policy_token("service", "hub.local", std::chrono::minutes(1));
    clock.advance(std::chrono::minutes(6));
    EXPECT_TRUE(checker.check_token(token));
    clock.advance(std::chrono::milliseconds(1));
    EXPECT_EQ(refused(token), std::pair(401, std::string("The specified SAS token is expired")));
}

TEST_F(access_test, what_an_expired_token_allowed_is_over) {
    const auto who = policy("iothubowner");
    add("dev1");
    clock.advance(std::chrono::minutes(66));
    EXPECT_TRUE(checker.expired(who, clock.now()));
    EXPECT_FALSE(checker.may_read_registry(who, "/devices"));
    EXPECT_FALSE(checker.may_use_service(who, "/messages/devicebound"));
    EXPECT_FALSE(acts_as(who, "dev1"));
}

TEST_F(access_test, a_forged_token_is_not_told_that_it_has_expired) {
    const auto token = auth::make_sas_token("hub.local", first_key, "service", clock.now() - std::chrono::hours(1));
    EXPECT_EQ(refused(token), std::pair(401, std::string(bad_signature)));
}

TEST_F(access_test, tokens_for_the_hub_name_it_in_many_ways) {
    for (const std::string host :
         {"hub.local", "HUB.LOCAL", "other.example", "hub.local:5671", "https://hub.local", "amqps://hub.local:5671/", "localhost",
          "127.0.0.1:8443", "[::1]:5671", "sb://hub.local/telemetry/ConsumerGroups/$Default"})
        EXPECT_TRUE(checker.check_token(policy_token("service", host))) << host;
}

TEST_F(access_test, tokens_for_another_hub_are_refused) {
    for (const std::string host : {"another.local", "hub.local.evil.example", "sb://another.local", "another.local/devices/dev1"})
        EXPECT_EQ(refused(policy_token("iothubowner", host)).first, 401) << host;
}

TEST_F(access_test, event_hubs_clients_keep_the_host_of_their_connection_string) {
    const auto who = policy("service", "sb://else.servicebus.example:5671/telemetry");
    EXPECT_TRUE(checker.may_use_service(who, "/telemetry/ConsumerGroups/$Default/Partitions/0"));
    EXPECT_FALSE(checker.may_use_service(who, "/messages/devicebound"));
    EXPECT_FALSE(checker.may_read_registry(policy("iothubowner", "sb://else.servicebus.example/telemetry"), "/devices"));
}

TEST_F(access_test, a_narrow_scope_covers_what_is_below_it) {
    const auto who = policy("iothubowner", "hub.local/devices/dev1");
    add("dev1");
    add("dev10");
    EXPECT_TRUE(acts_as(who, "dev1"));
    EXPECT_FALSE(acts_as(who, "dev10"));
    EXPECT_TRUE(checker.may_write_registry(who, "/devices/dev1"));
    EXPECT_FALSE(checker.may_write_registry(who, "/devices/dev10"));
    EXPECT_FALSE(checker.may_read_registry(who, "/devices"));
    EXPECT_FALSE(checker.may_use_service(who, "/messages/devicebound"));
}

TEST_F(access_test, either_key_of_a_device_signs_for_it_alone) {
    add("dev1");
    add("dev2");
    for (const auto& key : {first_key, second_key}) {
        const auto who = checker.check_token(device_token("hub.local/devices/dev1", key));
        ASSERT_TRUE(who);
        EXPECT_EQ(who->what, kind::device);
        EXPECT_EQ(who->name, "dev1");
        EXPECT_EQ(who->generation_id, "g-dev1");
        EXPECT_TRUE(acts_as(*who, "dev1"));
        EXPECT_TRUE(acts_as(*who, "dev1", "/modules/m/messages/events"));
        EXPECT_FALSE(acts_as(*who, "dev2"));
        EXPECT_FALSE(checker.may_use_service(*who, "/messages/devicebound"));
        EXPECT_FALSE(checker.may_read_registry(*who, "/devices/dev1"));
    }
}

TEST_F(access_test, a_token_for_one_link_is_good_for_no_other) {
    add("dev1");
    for (const auto& who : {checker.check_token(device_token("hub.local/devices/dev1/messages/events")).value(),
                            policy("device", "hub.local/devices/dev1/messages/events")}) {
        EXPECT_TRUE(acts_as(who, "dev1"));
        EXPECT_FALSE(acts_as(who, "dev1", "/messages/devicebound"));
        EXPECT_FALSE(acts_as(who, "dev1", "/modules/m/messages/events"));
    }
}

TEST_F(access_test, refusals_of_devices) {
    add("dev1");
    add("off", first_key, false);
    const auto expired = device_token("hub.local/devices/dev1", first_key, std::chrono::hours(-1));
    const std::pair<int, std::string> forged{401, bad_signature};
    EXPECT_EQ(refused(device_token("hub.local/devices/nobody")),
              std::pair(404, std::string("Device nobody at IotHub hub not registered.")));
    EXPECT_EQ(refused(device_token("hub.local/devices/dev1", "c29tZSBvdGhlciBrZXkgb2YgMzIgYnl0ZXMgbGVuZ3Q=")), forged);
    EXPECT_EQ(refused(device_token("hub.local/devices/dev1/modules/m1")), forged);
    EXPECT_EQ(refused(device_token("hub.local/devices/off")).first, 401);
    EXPECT_EQ(refused(expired), std::pair(401, std::string("The specified SAS token is expired")));
    EXPECT_EQ(refused(device_token("hub.local")).first, 401);
    EXPECT_EQ(refused(device_token("another.local/devices/dev1")).first, 401);
    EXPECT_EQ(refused(device_token("hub.local/devices/DEV1")).first, 404);
}

TEST_F(access_test, a_device_without_keys_lets_nobody_in) {
    store::device device;
    device.id = "thumb";
    device.authentication = store::authentication_type::self_signed;
    put(device);
    EXPECT_EQ(refused(device_token("hub.local/devices/thumb", "")).first, 401);
}

TEST_F(access_test, ids_arrive_encoded_once_or_twice) {
    for (const std::string id : {"a%b", "a%41", "a+b", "a#b?c", "with'quote"}) {
        add(id);
        for (const auto& form : {id, auth::percent_encode(id), auth::percent_encode(auth::percent_encode(id))}) {
            const auto who = checker.check_token(device_token("hub.local/devices/" + form));
            ASSERT_TRUE(who) << form;
            EXPECT_EQ(who->name, id) << form;
        }
    }
}

TEST_F(access_test, of_two_devices_that_an_id_may_mean_the_key_decides) {
    add("aA", first_key);
    add("a%41", second_key);
    const auto who = checker.check_token(device_token("hub.local/devices/a%41", second_key));
    ASSERT_TRUE(who);
    EXPECT_EQ(who->name, "aA"); // its second key: the likelier reading goes first
    add("b%41", "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=");
    store::device likelier;
    likelier.id = "bA";
    likelier.primary_key = likelier.secondary_key = second_key;
    put(likelier);
    EXPECT_EQ(checker.check_token(device_token("hub.local/devices/b%41", "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=")).value().name,
              "b%41");
}

TEST_F(access_test, a_disabled_or_recreated_device_is_not_the_one_that_showed_its_key) {
    add("dev1");
    const auto who = checker.check_token(device_token("hub.local/devices/dev1")).value();
    auto device = *store->devices().find("dev1");
    device.enabled = false;
    put(device, store::must_exist{});
    EXPECT_FALSE(acts_as(who, "dev1"));
    EXPECT_FALSE(acts_as(policy("device"), "dev1"));
    device.enabled = true;
    device.generation_id = "another";
    put(device, store::must_exist{});
    EXPECT_FALSE(acts_as(who, "dev1"));
    EXPECT_TRUE(acts_as(policy("device"), "dev1"));
    EXPECT_FALSE(acts_as(policy("device"), "nobody"));
}

TEST_F(access_test, what_is_no_token_is_a_bad_request) {
    for (const std::string text : {"", "Basic x", "Bearer eyJ", "SharedAccessSignature sr=hub.local&se=1"})
        EXPECT_EQ(refused(text).first, 400) << text;
}

TEST_F(access_test, plain_names_of_policies_and_devices) {
    add("dev1");
    EXPECT_EQ(plain("service@sas.root.hub", policy_token("service")).value().name, "service");
    EXPECT_EQ(plain("dev1@sas.hub", device_token("hub.local/devices/dev1")).value().name, "dev1");
    EXPECT_EQ(plain("dev1@sas.hub", policy_token("device")).value().what, kind::policy);
}

TEST_F(access_test, plain_names_that_are_not_those_of_the_token) {
    add("dev1");
    add("dev2");
    EXPECT_FALSE(plain("iothubowner@sas.root.hub", policy_token("service")));
    EXPECT_FALSE(plain("service@sas.root.hub", device_token("hub.local/devices/dev1")));
    EXPECT_FALSE(plain("dev2@sas.hub", device_token("hub.local/devices/dev1")));
    EXPECT_FALSE(plain("service@sas.root.hub", policies.find("service")->primary_key));
    EXPECT_FALSE(plain("", ""));
    EXPECT_FALSE(checker.check_plain(as_bytes("no parts")));
}

TEST_F(access_test, event_hubs_clients_show_the_bare_key_of_a_policy) {
    const auto who = plain("service", policies.find("service")->secondary_key);
    ASSERT_TRUE(who);
    clock.advance(std::chrono::hours(24 * 365));
    EXPECT_TRUE(checker.may_use_service(*who, "/telemetry/ConsumerGroups/$Default/Partitions/0"));
    EXPECT_FALSE(checker.may_read_registry(*who, "/devices"));
    const auto wrong = plain("service", first_key), unknown = plain("nosuchpolicy", first_key);
    ASSERT_FALSE(wrong || unknown);
    EXPECT_EQ(wrong.error().text, unknown.error().text);
    EXPECT_FALSE(plain("service", ""));
}

} // namespace
} // namespace capstan::hub
