// Operations with every kind of completion token that the headers promise, on the pool and on executors of the handlers' own. Those that
// wait for feedback, for seconds each time, are not among them (commands_test.cpp has them as futures).

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "client_and_hub/running_hub.hpp"

namespace capstan {
namespace {

class completion_tokens : public test::client_and_hub {
protected:
    /// As a future, a deferred operation that is started later, and a callback on a loop of its own; each must end without an error.
    /// `start` begins the operation with the token that it is given.
    template<class Start> void with_each(Start start) {
        start(asio::use_future).get();
        auto later = start(asio::deferred);
        std::move(later)(asio::use_future).get();
        asio::io_context own;
        bool called = false;
        const auto here = std::this_thread::get_id();
        start(asio::bind_executor(
            own, [&](const std::exception_ptr& error, const auto&...) { called = !error && std::this_thread::get_id() == here; }));
        own.run(); // has work until the handler has run
        EXPECT_TRUE(called);
        start(asio::detached);
        const auto awaited = [&]() -> asio::awaitable<void> {
            auto ended = co_await start(asio::as_tuple(asio::use_awaitable));
            EXPECT_FALSE(std::get<0>(ended));
            co_await start(asio::use_awaitable);
        };
        asio::co_spawn(pool, awaited(), asio::use_future).get();
    }
};

TEST_F(completion_tokens, of_the_device) {
    device_client device(pool.get_executor(), create("d"), options());
    test::running run(device);
    with_each([&](auto token) { return device.async_send(message("x"), token); });
    with_each([&](auto token) { return device.async_send(std::vector{message("x"), message("y")}, token); });

    service_client service(pool.get_executor(), service_string(), options());
    test::running service_run(service);
    for (int count = 0; count < 18; ++count)
        service.async_send("d", message("x"), asio::use_future).get();
    with_each([&](auto token) { return device.async_receive(token); }); // six, as the rest
    std::vector<command> open; // received before: a handler must not block
    const auto take = [&] {
        for (int count = 0; count < 6; ++count)
            open.push_back(device.async_receive(asio::use_future).get());
    };
    const auto next = [&] {
        auto last = std::move(open.back());
        open.pop_back();
        return last;
    };
    take();
    with_each([&](auto token) { return next().async_complete(token); });
    take();
    with_each([&](auto token) { return next().async_reject(token); });
    for (int count = 0; count < 6; ++count)
        service.async_send("d", message("x"), asio::use_future).get();
    take();
    with_each([&](auto token) { return next().async_abandon(token); }); // the last, for these come again
}

TEST_F(completion_tokens, of_the_service_and_the_registry) {
    create("d");
    service_client service(pool.get_executor(), service_string(), options());
    test::running run(service);
    with_each([&](auto token) { return service.async_send("d", message("x"), token); });
    const auto devices = registry();
    with_each([&](auto token) { return devices.async_get("d", token); });
    with_each([&](auto token) { return devices.async_update(device("d"), token); });
    with_each([&](auto token) { return devices.async_list(10, token); });
    with_each([&](auto token) { return devices.async_list_after("", 10, token); });
    with_each([&](auto token) { return devices.async_query("SELECT * FROM devices", {}, token); });
    with_each([&](auto token) { return devices.async_bulk(bulk_mode::update, std::vector{device("d")}, token); });
    with_each([&](auto token) { return devices.async_list_modules("d", token); });
    int modules = 0, gone = 0;
    for (int count = 1; count <= 6; ++count)
        devices.async_create_module(device_module("d", "old-" + std::to_string(count)), asio::use_future).get();
    with_each([&](auto token) { return devices.async_create_module(device_module("d", "m" + std::to_string(++modules)), token); });
    with_each([&](auto token) { return devices.async_get_module("d", "m1", token); });
    with_each([&](auto token) { return devices.async_update_module(device_module("d", "m2"), token); });
    with_each([&](auto token) { return devices.async_remove_module("d", "old-" + std::to_string(++gone), {}, token); });
    with_each([&](auto token) { return devices.async_statistics(token); });
    with_each([&](auto token) { return devices.async_purge_commands("d", token); });
    int made = 0, removed = 0;
    with_each([&](auto token) { return devices.async_create(device("new-" + std::to_string(++made)), token); });
    for (int count = 1; count <= 6; ++count)
        create("old-" + std::to_string(count));
    with_each([&](auto token) { return devices.async_remove("old-" + std::to_string(++removed), {}, token); });
}

TEST_F(completion_tokens, of_the_consumer) {
    device_client device(pool.get_executor(), create("d"), options());
    test::running run(device);
    for (int count = 0; count < 12; ++count)
        device.async_send(message("x"), asio::use_future).get();
    const test::temporary_folder folder;
    event_options what;
    what.from(event_position::earliest()).checkpoints(open_file_checkpoints(folder.path()));
    event_consumer events(pool.get_executor(), service_string(), what, options());
    with_each([&](auto token) { return events.async_partitions(token); });
    with_each([&](auto token) { return events.async_next(token); });
    const auto one = events.async_next(asio::use_future).get().value();
    with_each([&](auto token) { return events.async_checkpoint(one, token); });
}

/// A coroutine by default, and the runs as callbacks.
TEST_F(completion_tokens, none_is_use_awaitable) {
    const auto who = create("d");
    const auto life = [&]() -> asio::awaitable<std::string> {
        device_client device(co_await asio::this_coro::executor, who, options());
        service_client service(co_await asio::this_coro::executor, service_string(), options());
        device.async_run(asio::detached);
        service.async_run([](const std::exception_ptr& error) { EXPECT_FALSE(error); });
        auto hello = message("hello");
        co_await service.async_send("d", std::move(hello));
        auto received = co_await device.async_receive();
        co_await received.async_complete();
        co_return std::string(received.body());
    };
    EXPECT_EQ(asio::co_spawn(pool, life(), asio::use_future).get(), "hello");
}

} // namespace
} // namespace capstan
