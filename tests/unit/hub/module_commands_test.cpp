// Commands for modules: queues of their own beside their device's (contract/semantics.md, 1.1; contract/iothub-amqp.md, 5.2, 6.1).

#include "hub/registry/registry.hpp"
#include "unit/hub/commands_fixture.hpp"

namespace capstan::test {
namespace {

using namespace std::chrono_literals;
using shape = amqp::delivery_state::shape;

class module_commands_test : public commands_fixture {
protected:
    explicit module_commands_test(std::size_t threads = 1) : commands_fixture(threads) { add_device("dev1/m"); }

    static constexpr auto to_module = "/devices/dev1/modules/m/messages/devicebound";

    hub_client& listen_as_module() {
        auto& module = connect("dev1/modules/m@sas.hub", device_token("dev1/modules/m"));
        receiver(module, "/devices/dev1/modules/m/messages/devicebound", 10);
        return module;
    }
    void remove(const std::string& id) {
        instance->registry().remove(id, store::must_exist{}, queue, [](const auto& removed) { EXPECT_TRUE(removed); });
        hub_fixture::settle();
    }
};

TEST_F(module_commands_test, go_to_the_module_and_to_nobody_else) {
    ASSERT_EQ(say("m1", "full", to_module).what, shape::accepted);
    EXPECT_EQ(instance->commands().waiting("dev1/m"), 1u);
    EXPECT_EQ(instance->commands().waiting("dev1"), 0u);
    EXPECT_TRUE(listen().news.messages.empty());
    auto& module = listen_as_module();
    ASSERT_EQ(module.news.messages.size(), 1u);
    const auto view = amqp::message_view::parse(module.news.messages[0].payload);
    EXPECT_EQ(amqp::read_properties(view->properties().content)->to, to_module);
    answer(module, 0, amqp::delivery_state::accepted());
    EXPECT_EQ(instance->commands().waiting("dev1/m"), 0u);
    const auto told = feedback();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].at("deviceId"), "dev1");
    EXPECT_EQ(told[0].at("statusCode"), "Success");
}

TEST_F(module_commands_test, ids_may_be_encoded) {
    add_device("dev1/$edgeAgent");
    EXPECT_EQ(say("m1", "full", "/devices/dev1/modules/%24edgeAgent/messages/deviceBound").what, shape::accepted);
    EXPECT_EQ(instance->commands().waiting("dev1/$edgeAgent"), 1u);
}

TEST_F(module_commands_test, an_unknown_module_is_not_found) {
    for (const auto* to : {"/devices/dev1/modules/none/messages/devicebound", "/devices/none/modules/m/messages/devicebound"})
        EXPECT_EQ(say("m1", "full", to).error.condition, "amqp:not-found") << to;
    EXPECT_NE(say("m1", "full", "/devices/dev1/modules/none/messages/devicebound").error.description.find("404010"), std::string::npos);
    EXPECT_TRUE(service->news.detached.empty());
}

TEST_F(module_commands_test, a_module_of_a_disabled_device_gets_none) {
    auto device = *store->devices().find("dev1");
    device.enabled = false;
    store->devices().put(device, store::must_exist{}, {queue, [](const auto&) {}});
    EXPECT_EQ(say("m1", "full", to_module).error.condition, "amqp:not-found");
}

TEST_F(module_commands_test, each_queue_has_its_own_depth) {
    for (std::size_t count = 0; count < settings.command_queue_depth; ++count)
        ASSERT_EQ(say("m", "none", to_module).what, shape::accepted);
    EXPECT_EQ(say("m", "none", to_module).error.condition, "amqp:resource-limit-exceeded");
    EXPECT_EQ(say("m").what, shape::accepted);
}

/// Its queue is not taken for the device's dead letters.
TEST_F(module_commands_test, a_module_may_be_called_dead) {
    add_device("dev1/dead");
    ASSERT_EQ(say("m1", "none", "/devices/dev1/modules/dead/messages/devicebound").what, shape::accepted);
    EXPECT_TRUE(dead_letters().empty());
    advance(2h);
    EXPECT_EQ(instance->commands().waiting("dev1/dead"), 0u) << "expired";
}

TEST_F(module_commands_test, go_with_their_module_and_with_its_device) {
    for (const auto* gone : {"dev1/m", "dev1"}) {
        ASSERT_EQ(say("old", "full", to_module).what, shape::accepted);
        remove(gone);
        EXPECT_EQ(instance->commands().waiting("dev1/m"), 0u) << gone;
        EXPECT_EQ(say("none", "full", to_module).error.condition, "amqp:not-found");
        if (!store->devices().find("dev1"))
            add_device("dev1");
        add_device("dev1/m");
        ASSERT_EQ(say("new", "full", to_module).what, shape::accepted);
        EXPECT_EQ(instance->commands().waiting("dev1/m"), 1u) << gone;
        auto& module = listen_as_module();
        ASSERT_EQ(module.news.messages.size(), 1u);
        answer(module, 0, amqp::delivery_state::accepted());
    }
}

TEST_F(module_commands_test, what_waits_is_counted_after_a_restart) {
    say("m1");
    say("m2", "full", to_module);
    say("m3", "full", to_module);
    clients.clear();
    session.clear();
    service = nullptr;
    drain_all();
    instance.reset();
    instance.emplace(settings, policies, *store, clock, std::vector<run_queue*>{&queue});
    hub_fixture::settle();
    EXPECT_EQ(instance->commands().waiting("dev1"), 1u);
    EXPECT_EQ(instance->commands().waiting("dev1/m"), 2u);
    answer(listen_as_module(), 0, amqp::delivery_state::accepted());
    EXPECT_EQ(instance->commands().waiting("dev1/m"), 1u);
}

} // namespace
} // namespace capstan::test
