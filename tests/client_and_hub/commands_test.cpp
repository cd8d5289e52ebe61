// Commands from service to device and what became of them, while devices are disabled, connections cut and clients dropped.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "auth/connection_string.hpp"
#include "auth/sas_token.hpp"
#include "client_and_hub/running_hub.hpp"

namespace capstan {
namespace {

using namespace std::chrono_literals;

class commands : public test::client_and_hub {
protected:
    service_client service{pool.get_executor(), service_string(), options()};
    test::running<service_client> run{service};

    auto confirm(const std::string& device, const std::string& body) {
        return service.async_send_and_confirm(device, message(body), asio::use_future);
    }
    /// Completes what comes until it is told to stop; what a cut has left open comes again.
    static asio::awaitable<void> obey(device_client& device) {
        for (bool stop = false; !stop;) {
            auto next = co_await device.async_receive();
            try {
                co_await next.async_complete();
                stop = next.body() == "stop";
            } catch (const client_error& error) {
                if (error.kind() == failure_kind::closed)
                    throw;
            }
        }
    }
};

TEST_F(commands, each_outcome_is_told) {
    device_client device(pool.get_executor(), create("d"), options());
    test::running device_run(device);
    auto done = confirm("d", "do"), never = confirm("d", "fly");
    auto first = device.async_receive(asio::use_future).get();
    first.async_abandon(asio::use_future).get();
    for (int number = 0; number < 2; ++number) {
        auto next = device.async_receive(asio::use_future).get();
        next.body() == "fly" ? next.async_reject(asio::use_future).get() : next.async_complete(asio::use_future).get();
    }
    EXPECT_EQ(done.get().status, delivery_status::success);
    EXPECT_EQ(never.get().status, delivery_status::rejected);
}

TEST_F(commands, purged_ones_are_counted_and_told) {
    create("absent");
    auto first = service.async_send_and_confirm("absent", message("1"), asio::use_future);
    service.async_send("absent", message("2"), asio::use_future).get();
    EXPECT_EQ(registry().async_purge_commands("absent", asio::use_future).get(), 2u);
    EXPECT_EQ(first.get().status, delivery_status::purged);
}

TEST_F(commands, of_many_devices_through_cuts) {
    constexpr int devices = 5, each = 8;
    std::vector<std::unique_ptr<device_client>> clients;
    std::vector<std::unique_ptr<test::running<device_client>>> runs;
    std::vector<std::future<void>> obeying;
    for (int number = 0; number < devices; ++number) {
        clients.push_back(std::make_unique<device_client>(pool.get_executor(), create("d" + std::to_string(number)), options()));
        runs.push_back(std::make_unique<test::running<device_client>>(*clients.back()));
        obeying.push_back(asio::co_spawn(pool, obey(*clients.back()), asio::use_future));
    }
    std::vector<std::future<feedback_record>> outcomes;
    for (int count = 0; count < each; ++count) {
        for (int number = 0; number < devices; ++number)
            outcomes.push_back(confirm("d" + std::to_string(number), "do"));
        if (count % 3 == 1)
            hub.cut();
    }
    for (auto& outcome : outcomes)
        EXPECT_EQ(outcome.get().status, delivery_status::success);
    for (int number = 0; number < devices; ++number)
        service.async_send("d" + std::to_string(number), message("stop"), asio::use_future).get();
    for (auto& done : obeying)
        done.get();
}

/// One that has waited for commands, and never had one.
TEST_F(commands, come_after_the_device_was_disabled_for_a_moment) {
    device_client device(pool.get_executor(), create("d"), options());
    std::atomic<int> connected = 0, waiting = 0;
    device.on_connection_changed([&](const connection_change& change) {
        connected += change.state() == connection_state::connected;
        waiting += change.state() == connection_state::waiting;
    });
    test::running device_run(device);
    auto received = device.async_receive(asio::use_future);
    while (connected == 0)
        std::this_thread::yield();
    enable("d", false);
    while (waiting < 3) // refused again and again
        std::this_thread::yield();
    enable("d", true);
    service.async_send("d", message("hello"), asio::use_future).get();
    EXPECT_EQ(received.get().body(), "hello");
}

TEST_F(commands, that_expire_unseen_say_so) {
    create("absent");
    auto gone = service.async_send_and_confirm("absent", message("x").expires_after(1s), asio::use_future);
    auto stays = service.async_send_and_confirm("absent", message("y").expires_after(1h), asio::use_future);
    EXPECT_EQ(gone.get().status, delivery_status::expired);
    EXPECT_EQ(stays.wait_for(0s), std::future_status::timeout);
    registry().async_purge_commands("absent", asio::use_future).get();
    EXPECT_EQ(stays.get().status, delivery_status::purged);
}

/// A quiet network: the hub allows for five minutes of skew, so that each of these tokens ends for it after three seconds.
TEST_F(commands, come_to_who_has_renewed_its_token_again_and_again) {
    const auto key = auth::parse_hub_connection_string(create("d"))->key;
    std::atomic<int> tokens = 0, connected = 0, interruptions = 0;
    auto provider = [&](const std::string& resource, std::chrono::seconds) {
        ++tokens;
        return auth::make_sas_token(resource, key, {}, system_wall_clock().now() + 3s - auth::clock_skew);
    };
    const auto who = device_identity::by_tokens("localhost:" + std::to_string(hub.amqps_port), "d", provider);
    device_client device(pool.get_executor(), who, options());
    device.on_connection_changed([&](const connection_change& change) {
        connected += change.state() == connection_state::connected;
        interruptions += change.state() == connection_state::waiting;
    });
    test::running device_run(device);
    auto received = device.async_receive(asio::use_future);
    while (tokens < 60) // one in a hundred milliseconds at most: the first has run out at the hub, which has looked each second
        std::this_thread::sleep_for(10ms);
    EXPECT_EQ(connected, 1);
    EXPECT_EQ(interruptions, 0);
    service.async_send("d", message("hello"), asio::use_future).get();
    EXPECT_EQ(received.get().body(), "hello");
}

/// Whatever they were about.
TEST_F(commands, clients_may_go_at_any_moment) {
    const auto who = create("d");
    for (int round = 0; round < 12; ++round) {
        device_client device(pool.get_executor(), who, options());
        service_client other(pool.get_executor(), service_string(), options());
        event_consumer events(pool.get_executor(), service_string(), event_options(), options());
        auto run_device = device.async_run(asio::use_future);
        auto run_other = other.async_run(asio::use_future);
        auto sent = device.async_send(message("x"), asio::use_future);
        auto received = device.async_receive(asio::use_future);
        auto confirmed = other.async_send_and_confirm("d", message("y"), asio::use_future);
        auto batch = other.async_receive_feedback(asio::use_future);
        auto next = events.async_next(asio::use_future);
        auto infos = events.async_partitions(asio::use_future);
        if (round % 3 == 0)
            sent.wait();
        if (round % 3 == 1)
            infos.wait();
        device.close();
        other.close();
        events.close();
        run_device.get();
        run_other.get();
        next.wait();
        sent.wait();
        infos.wait();
        received.wait();
        confirmed.wait();
        batch.wait();
    }
}

} // namespace
} // namespace capstan
