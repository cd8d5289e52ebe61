// Links and tokens that a hub refuses for a while: what comes back by itself, after which pauses, and what does not.

#include <boost/asio/detached.hpp>

#include <capstan/device_client.hpp>

#include "unit/client/scripted_hub.hpp"

namespace capstan::client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

const amqp::error unauthorized("amqp:unauthorized-access", "disabled"), busy("com.microsoft:server-busy", "busy"),
    not_found("amqp:not-found", "no such thing");

class lost_links : public test::scripted_hub_test {
protected:
    /// Notes what the observer is told: "connected", or the pause in milliseconds.
    void watch(device_client& device) {
        device.on_connection_changed([this](const connection_change& change) {
            if (change.state() == connection_state::connected)
                changes.emplace_back("connected");
            if (change.state() == connection_state::waiting)
                changes.push_back(std::to_string(change.pause().count()));
        });
    }
    static constexpr const char* commands = "/devices/d/messages/devicebound";

    std::vector<std::string> changes;
};

/// A device that waits for commands, and has never had one, is disabled for a moment.
TEST_F(lost_links, an_idle_receiver_comes_back) {
    device_client device(loop.get_executor(), device_string(), options());
    test::ending<command> received;
    device.async_run(asio::detached);
    device.async_receive(received.handler());
    run_until([&] { return hub->credit_at(commands).has_value(); });

    hub->on_token = [](int number) { return number < 4 ? 404 : 200; };
    int refused = 0;
    hub->on_link = [&](const std::string& address) { return address == commands && ++refused < 3 ? unauthorized : amqp::error(); };
    hub->detach(commands, unauthorized);
    run_until([&] { return hub->credit_at(commands).has_value(); });
    EXPECT_FALSE(received.done());
    EXPECT_EQ(hub->connections, 1);

    run_until([&] { return hub->give_text(commands, "hello"); });
    run_until([&] { return received.done(); });
    ASSERT_TRUE(received.ok());
    EXPECT_EQ(received.value().body(), "hello");
}

TEST_F(lost_links, what_failed_for_good_is_tried_anew_by_the_next_call) {
    hub->on_link = [](const std::string& address) { return address == commands ? not_found : amqp::error(); };
    device_client device(loop.get_executor(), device_string(), options());
    device.async_run(asio::detached);
    test::ending<command> first, second;
    device.async_receive(first.handler());
    run_until([&] { return first.done(); });
    EXPECT_EQ(first.reason(), errc::not_found);

    hub->on_link = [](const std::string&) { return amqp::error(); };
    device.async_receive(second.handler());
    run_until([&] { return hub->give_text(commands, "hello"); });
    run_until([&] { return second.done(); });
    EXPECT_TRUE(second.ok());
}

TEST_F(lost_links, pauses_double_though_the_token_is_taken) {
    int refused = 0;
    hub->on_link = [&](const std::string& address) { return address == commands && ++refused <= 5 ? busy : amqp::error(); };
    auto patient = options();
    patient.retry(retry_policy().first(1ms).most(10s).jitter(0));
    device_client device(loop.get_executor(), device_string(), patient);
    watch(device);
    test::ending<command> received;
    device.async_receive(received.handler());
    device.async_run(asio::detached);
    run_until([&] { return hub->credit_at(commands).has_value() && changes.size() >= 6; });
    EXPECT_THAT(changes, ElementsAre("1", "2", "4", "8", "16", "connected"));
    EXPECT_EQ(hub->connections, 1);
}

TEST_F(lost_links, gives_up_after_max_attempts) {
    hub->on_link = [&](const std::string& address) { return address == commands ? busy : amqp::error(); };
    auto hasty = options();
    hasty.retry(retry_policy().first(1ms).most(1ms).max_attempts(3));
    device_client device(loop.get_executor(), device_string(), hasty);
    test::ending<command> received;
    test::ending<> over;
    device.async_receive(received.handler());
    device.async_run(over.handler());
    run_until([&] { return over.done() && received.done(); });
    EXPECT_EQ(over.reason(), errc::throttled);
    EXPECT_EQ(received.reason(), errc::throttled);
    EXPECT_THAT(hub->links, ElementsAre(commands, commands, commands));
}

/// A provider whose tokens have all but ended: each is renewed at once.
class renewals : public lost_links {
protected:
    device_identity who(token_provider tokens) { return device_identity::by_tokens(hub->address(), "d", std::move(tokens)); }
    static std::string token() { return "SharedAccessSignature sr=h&sig=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D&se=1600000000"; }
};

TEST_F(renewals, one_that_is_refused_is_tried_again_beside_the_links) {
    hub->on_token = [](int number) { return number == 2 || number == 3 ? 500 : 200; };
    device_client device(loop.get_executor(), who([](const auto&, auto) { return token(); }), options());
    watch(device);
    device.async_run(asio::detached);
    run_until([&] { return hub->tokens == 5; });
    EXPECT_THAT(changes, ElementsAre("connected"));
    EXPECT_EQ(hub->connections, 1);
}

TEST_F(renewals, one_that_is_not_answered_is_tried_again) {
    hub->on_token = [](int number) { return number == 2 ? std::nullopt : std::optional(200); };
    auto hasty = options();
    hasty.operation_time_out(20ms);
    device_client device(loop.get_executor(), who([](const auto&, auto) { return token(); }), hasty);
    watch(device);
    device.async_run(asio::detached);
    run_until([&] { return hub->tokens == 4; });
    EXPECT_THAT(changes, ElementsAre("connected"));
}

TEST_F(renewals, a_provider_that_fails_is_asked_again) {
    int asked = 0;
    auto provider = [&asked](const std::string&, std::chrono::seconds) {
        if (++asked == 1 || asked == 3)
            throw std::runtime_error("the vault is closed");
        return token();
    };
    device_client device(loop.get_executor(), who(provider), options());
    device.async_run(asio::detached);
    run_until([&] { return hub->tokens == 3; });
    EXPECT_EQ(asked, 5);
    EXPECT_EQ(hub->connections, 1);
}

} // namespace
} // namespace capstan::client
