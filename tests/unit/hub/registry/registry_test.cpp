#include "hub/registry/registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/store.hpp"
#include "support/manual_clock.hpp"
#include "support/manual_run_queue.hpp"

namespace capstan::hub {
namespace {

using reason = registry_refusal::reason;
using outcome = std::expected<store::device, registry_refusal>;
namespace json = boost::json;

const std::string key_a = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const std::string key_b = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY=";
const store::condition absent = store::must_not_exist{}, there = store::must_exist{};

struct registry_test : testing::Test {
    test::manual_clock clock;
    test::manual_run_queue queue;
    settings rules;
    std::unique_ptr<store::store> store = store::open_memory_store(clock, 1);
    registry devices{store->devices(), rules, clock};

    ~registry_test() override {
        store->close();
        queue.drain();
    }

    registry_answer<store::device> into(std::optional<outcome>& to) {
        return [&to](outcome result) { to = std::move(result); };
    }
    outcome put(const std::string& id, std::string_view body, const store::condition& when = absent) {
        std::optional<outcome> result;
        devices.put(id, json::parse(body), when, queue, into(result));
        EXPECT_FALSE(result) << "answered inside the call";
        queue.drain();
        return result.value();
    }
    outcome remove(const std::string& id, const store::condition& when = there) {
        std::optional<outcome> result;
        devices.remove(id, when, queue, into(result));
        queue.drain();
        return result.value();
    }
    std::optional<reason> refused(const outcome& result) { return result ? std::nullopt : std::optional(result.error().why); }
};

TEST_F(registry_test, a_new_device_gets_keys_and_a_generation) {
    const auto made =
        put("dev1", R"({"deviceId":"dev1","authentication":{"type":"sas","symmetricKey":{"primaryKey":"","secondaryKey":""}}})");
    ASSERT_TRUE(made);
    EXPECT_EQ(made->primary_key.size(), 44);
    EXPECT_NE(made->primary_key, made->secondary_key);
    EXPECT_FALSE(made->generation_id.empty());
    EXPECT_FALSE(made->etag.empty());
    EXPECT_TRUE(made->enabled);
    EXPECT_EQ(devices.find("dev1")->primary_key, made->primary_key);
}

TEST_F(registry_test, given_keys_and_status_are_kept) {
    const auto made = put("dev1", R"({"status":"disabled","statusReason":"örtlich gesperrt","authentication":{"symmetricKey":)"
                                  R"({"primaryKey":"MTIzNDU2Nzg5MHF3ZXJ0eQ==","secondaryKey":"eXRyZXdxMDk4NzY1NDMyMQ=="}}})");
    ASSERT_TRUE(made);
    EXPECT_EQ(made->primary_key, "MTIzNDU2Nzg5MHF3ZXJ0eQ==");
    EXPECT_EQ(made->secondary_key, "eXRyZXdxMDk4NzY1NDMyMQ==");
    EXPECT_FALSE(made->enabled);
    EXPECT_EQ(made->status_reason, "örtlich gesperrt");
}

TEST_F(registry_test, who_does_not_sign_in_by_key_has_none) {
    const auto made = put("thumb", R"({"authentication":{"type":"selfSigned","x509Thumbprint":{"primaryThumbprint":)"
                                   R"("0000000000000000000000000000000000000000"}}})");
    ASSERT_TRUE(made);
    EXPECT_EQ(made->primary_key, "");
    EXPECT_EQ(made->primary_thumbprint, std::string(40, '0'));
    ASSERT_TRUE(put("dev1", "{}"));
    EXPECT_EQ(put("dev1", R"({"authentication":{"type":"certificateAuthority"}})", there)->primary_key, "") << "or the old key went on";
}

TEST_F(registry_test, ids) {
    const std::string longest(128, 'x');
    for (const auto& id : {std::string("a"), std::string("-:.+%_#*?!(),=@;$'"), longest})
        EXPECT_TRUE(put(id, "{}")) << id;
    for (const auto& id : {std::string(), std::string("a/"), std::string("/b"), std::string("a/b/c"), std::string("a b"),
                           std::string("ger\xc3\xa4t"), longest + 'x'})
        EXPECT_EQ(refused(put(id, "{}")), reason::invalid) << id;
    EXPECT_TRUE(put("A", "{}")) << "case counts";
}

TEST_F(registry_test, modules_have_keys_of_their_own_and_no_status) {
    const auto key = store::module_key("dev1", "m");
    EXPECT_EQ(refused(put(key, "{}")), reason::not_found);
    ASSERT_TRUE(put("dev1", "{}"));
    const auto made = put(key, R"({"deviceId":"dev1","moduleId":"m","managedBy":"plant","status":"disabled"})");
    ASSERT_TRUE(made);
    EXPECT_TRUE(made->enabled);
    EXPECT_EQ(made->managed_by, "plant");
    EXPECT_FALSE(made->primary_key.empty());
    EXPECT_EQ(refused(put(key, "{}")), reason::already_exists);
    EXPECT_EQ(refused(put(key, R"({"moduleId":"other"})", there)), reason::invalid);
    EXPECT_EQ(put(key, R"({"managedBy":null})", there)->primary_key, made->primary_key) << "an update without keys keeps them";
    for (std::size_t count = 1; count < store::modules_max; ++count)
        ASSERT_TRUE(put(store::module_key("dev1", std::to_string(count)), "{}"));
    EXPECT_EQ(refused(put(store::module_key("dev1", "x"), "{}")), reason::too_many);
}

TEST_F(registry_test, bodies_that_do_not_fit) {
    const std::pair<std::string_view, reason> rows[] = {
        {R"([])", reason::malformed},
        {R"({"deviceId":"other"})", reason::invalid},
        {R"({"deviceId":5})", reason::invalid},
        {R"({"status":"on"})", reason::invalid},
        {R"({"authentication":{"type":"password"}})", reason::invalid},
        {R"({"authentication":[]})", reason::invalid},
        {R"({"authentication":{"symmetricKey":{"primaryKey":"!!not base64!!"}}})", reason::malformed},
        {R"({"authentication":{"symmetricKey":{"primaryKey":"AAAA"}}})", reason::malformed},
        {R"({"authentication":{"symmetricKey":{"primaryKey":7}}})", reason::invalid},
        {R"({"authentication":{"type":"selfSigned","x509Thumbprint":{"primaryThumbprint":"12"}}})", reason::invalid},
        {R"({"capabilities":{"iotEdge":"yes"}})", reason::invalid},
        {R"({"deviceScope":"ms-azure-iot-edge://nobody-1"})", reason::invalid},
        {R"({"deviceScope":"elsewhere"})", reason::invalid},
        {R"({"parentScopes":[1]})", reason::invalid},
    };
    for (const auto& [body, why] : rows) {
        const auto result = put("dev1", body);
        EXPECT_EQ(refused(result), why) << body;
        EXPECT_FALSE(result || result.error().text.empty()) << body;
    }
    EXPECT_FALSE(devices.find("dev1"));
}

TEST_F(registry_test, a_status_reason_has_up_to_128_characters) {
    std::string longest;
    for (int count = 0; count < 128; ++count)
        longest += "ö";
    const auto body = [](const std::string& text) { return json::serialize(json::object{{"statusReason", text}}); };
    EXPECT_TRUE(put("dev1", body(longest)));
    EXPECT_EQ(refused(put("dev2", body(longest + "x"))), reason::invalid);
    EXPECT_EQ(put("dev1", R"({"status":"enabled"})", there)->status_reason, longest) << "what is left out stays";
    EXPECT_EQ(put("dev1", R"({"statusReason":null})", there)->status_reason, "");
}

TEST_F(registry_test, an_update_keeps_what_it_leaves_out) {
    const auto made = put("dev1", R"({"statusReason":"new"})");
    for (const auto* body :
         {R"({"status":"disabled"})", R"({"status":"disabled","authentication":null})",
          R"({"status":"disabled","authentication":{"type":"sas","symmetricKey":{"primaryKey":"","secondaryKey":null}}})"}) {
        const auto changed = put("dev1", body, there);
        ASSERT_TRUE(changed);
        EXPECT_EQ(changed->primary_key, made->primary_key);
        EXPECT_EQ(changed->secondary_key, made->secondary_key);
        EXPECT_EQ(changed->generation_id, made->generation_id);
        EXPECT_NE(changed->etag, made->etag);
        EXPECT_EQ(changed->status_reason, "new");
        EXPECT_EQ(changed->status_updated, clock.now());
    }
}

TEST_F(registry_test, what_the_hub_says_of_a_device_nobody_else_does) {
    const auto made = put("dev1", R"({"generationId":"mine","etag":"mine","connectionState":"Connected","cloudToDeviceMessageCount":9})");
    ASSERT_TRUE(made);
    EXPECT_NE(made->generation_id, "mine");
    EXPECT_NE(made->etag, "mine");
    EXPECT_EQ(put("dev1", R"({"generationId":"mine"})", there)->generation_id, made->generation_id);
}

TEST_F(registry_test, conditions) {
    EXPECT_EQ(refused(put("dev1", "{}", there)), reason::not_found);
    EXPECT_EQ(refused(remove("dev1")), reason::not_found);
    const auto made = put("dev1", "{}").value();
    EXPECT_EQ(refused(put("dev1", "{}")), reason::already_exists);
    EXPECT_EQ(refused(put("dev1", "{}", store::must_match{"stale"})), reason::precondition_failed);
    EXPECT_EQ(refused(remove("dev1", store::must_match{"stale"})), reason::precondition_failed);
    const auto changed = put("dev1", "{}", store::must_match{made.etag});
    ASSERT_TRUE(changed);
    EXPECT_EQ(refused(put("dev1", "{}", store::must_match{made.etag})), reason::precondition_failed);
    EXPECT_EQ(remove("dev1", store::must_match{changed->etag})->id, "dev1");
    EXPECT_FALSE(devices.find("dev1"));
}

TEST_F(registry_test, if_match_in_all_its_forms) {
    const auto etag = [](std::string_view header) { return std::get<store::must_match>(registry::parse_if_match(header)).etag; };
    EXPECT_TRUE(std::holds_alternative<store::must_not_exist>(registry::parse_if_match(std::nullopt)));
    EXPECT_TRUE(std::holds_alternative<store::must_exist>(registry::parse_if_match("*")));
    EXPECT_TRUE(std::holds_alternative<store::must_exist>(registry::parse_if_match("\"*\"")));
    EXPECT_EQ(etag("\"AAAAAAAAAAE=\""), "AAAAAAAAAAE=");
    EXPECT_EQ(etag("AAAAAAAAAAE="), "AAAAAAAAAAE=");
    EXPECT_EQ(etag("W/\"AAAAAAAAAAE=\""), "AAAAAAAAAAE=");
    EXPECT_EQ(etag(""), "") << "which matches nothing";
    EXPECT_EQ(etag("\""), "\"");
}

TEST_F(registry_test, created_again_is_another_one_even_within_a_millisecond) {
    const auto first = put("dev1", "{}").value();
    ASSERT_TRUE(remove("dev1"));
    EXPECT_NE(put("dev1", "{}")->generation_id, first.generation_id);
}

TEST_F(registry_test, updates_at_the_same_time_both_take_effect) {
    ASSERT_TRUE(put("dev1", "{}"));
    std::optional<outcome> one, other;
    devices.put("dev1", json::parse(R"({"status":"disabled"})"), there, queue, into(one));
    devices.put("dev1", json::parse(R"({"statusReason":"both"})"), there, queue, into(other));
    queue.drain();
    ASSERT_TRUE(one && *one && other && *other);
    const auto now = *devices.find("dev1");
    EXPECT_FALSE(now.enabled);
    EXPECT_EQ(now.status_reason, "both");
}

/// A registry that answers a write only when another one has come before it.
struct overtaken_registry final : store::device_registry {
    explicit overtaken_registry(store::device_registry& real) : below(real) {}
    std::optional<store::device> find(std::string_view id) const override { return below.find(id); }
    std::vector<store::device> list(std::string_view after, std::size_t limit) const override { return below.list(after, limit); }
    store::device_counts count() const override { return below.count(); }
    std::optional<store::device> find_module(std::string_view device, std::string_view module) const override {
        return below.find_module(device, module);
    }
    std::shared_ptr<const store::device> look_up(const std::string& key) const override { return below.look_up(key); }
    std::vector<store::device> list_modules(std::string_view device) const override { return below.list_modules(device); }
    void put(store::device value, store::condition when, store::reply_to<store::device> reply) override {
        ++writes;
        if (before_write)
            before_write();
        below.put(std::move(value), std::move(when), std::move(reply));
    }
    void remove(std::string id, store::condition when, store::reply_to<store::device> reply) override {
        below.remove(std::move(id), std::move(when), std::move(reply));
    }
    std::optional<store::device_activity> activity(std::string_view id) const override { return below.activity(id); }
    void keep_activity(std::vector<store::device_activity> seen, store::reply_to<void> reply) override {
        below.keep_activity(std::move(seen), std::move(reply));
    }
    store::device_registry& below;
    std::function<void()> before_write;
    int writes = 0;
};

TEST_F(registry_test, an_update_that_is_overtaken_begins_anew_and_loses_nothing) {
    ASSERT_TRUE(put("dev1", "{}"));
    overtaken_registry slow(store->devices());
    registry overtaken(slow, rules, clock);
    const auto other_write = [this] {
        auto device = *store->devices().find("dev1");
        device.status_reason = "by another";
        store->devices().put(device, there, {queue, [](const store::outcome<store::device>&) {}});
    };
    slow.before_write = [&] {
        if (slow.writes == 1)
            other_write();
    };
    std::optional<outcome> result;
    overtaken.put("dev1", json::parse(R"({"status":"disabled"})"), there, queue, into(result));
    queue.drain();
    ASSERT_TRUE(result && *result);
    EXPECT_EQ(slow.writes, 2);
    EXPECT_EQ((*result)->status_reason, "by another");
    EXPECT_FALSE((*result)->enabled);

    slow.before_write = other_write;
    overtaken.put("dev1", json::object(), there, queue, into(result));
    queue.drain();
    EXPECT_EQ(refused(*result), reason::unavailable) << "there is an end to it";
    EXPECT_LT(slow.writes, 20);
}

TEST_F(registry_test, who_asked_hears_what_has_changed) {
    std::vector<std::string> heard;
    devices.on_changed = [&](const store::device& before, const std::optional<store::device>& after) {
        heard.push_back(std::string(before.enabled ? "on" : "off") + (after ? after->enabled ? " on" : " off" : " gone"));
    };
    ASSERT_TRUE(put("dev1", "{}"));
    ASSERT_TRUE(put("dev1", R"({"status":"disabled"})", there));
    ASSERT_FALSE(put("dev1", R"({"status":"?"})", there));
    ASSERT_TRUE(remove("dev1"));
    EXPECT_THAT(heard, testing::ElementsAre("on off", "off gone"));
}

TEST_F(registry_test, edge_devices_have_a_scope_and_their_children_are_in_it) {
    const auto edge = put("gate-way", R"({"capabilities":{"iotEdge":true}})").value();
    EXPECT_TRUE(edge.scope.starts_with("ms-azure-iot-edge://gate-way-")) << edge.scope;
    const auto body = [](const std::string& scope) { return json::serialize(json::object{{"deviceScope", scope}}); };
    const auto leaf = put("leaf", body(edge.scope));
    ASSERT_TRUE(leaf);
    EXPECT_EQ(leaf->scope, edge.scope);
    EXPECT_THAT(leaf->parent_scopes, testing::ElementsAre(edge.scope));

    EXPECT_EQ(refused(put("leaf", body("ms-azure-iot-edge://gate-way-1"), there)), reason::invalid);
    EXPECT_EQ(put("gate-way", body("ms-azure-iot-edge://mine-1"), there)->scope, edge.scope) << "its own stays";
    const auto inner = put("inner", json::serialize(json::object{{"capabilities", {{"iotEdge", true}}}, {"parentScopes", {edge.scope}}}));
    ASSERT_TRUE(inner) << inner.error().text;
    EXPECT_NE(inner->scope, edge.scope);
    EXPECT_THAT(inner->parent_scopes, testing::ElementsAre(edge.scope));

    ASSERT_TRUE(remove("gate-way"));
    EXPECT_EQ(put("leaf", R"({"status":"disabled"})", there)->scope, edge.scope) << "an orphan can be changed";
    EXPECT_EQ(put("leaf", body(""), there)->parent_scopes.size(), 0);
}

TEST_F(registry_test, a_store_that_cannot_says_so) {
    store->close();
    EXPECT_EQ(refused(put("dev1", "{}")), reason::unavailable);
}

} // namespace
} // namespace capstan::hub
