#include "server/io_threads.hpp"

#include <atomic>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace capstan::server {
namespace {

using namespace std::chrono_literals;

TEST(io_threads, runs_what_is_posted_in_order_each_on_its_thread) {
    io_threads threads(2);
    threads.start([](std::size_t) {});
    std::vector<int> order;
    std::promise<std::thread::id> first, second;
    for (int i = 0; i < 1000; ++i)
        threads[0].post([&order, i] { order.push_back(i); });
    threads[0].post([&] { first.set_value(std::this_thread::get_id()); });
    threads[1].post([&] { second.set_value(std::this_thread::get_id()); });
    EXPECT_NE(first.get_future().get(), second.get_future().get());
    EXPECT_EQ(order.size(), 1000u);
    EXPECT_TRUE(std::ranges::is_sorted(order));
    threads.stop(io_thread::now() + 10s);
}

TEST(io_threads, a_stop_lets_go_of_everything_that_was_posted) {
    io_threads threads(2);
    threads.start([](std::size_t) {});
    std::atomic<int> ran = 0;
    threads[0].post([&] {
        threads[1].post([&] {
            ++ran;
            threads[0].post([&] { ++ran; });
        });
    });
    threads.stop(io_thread::now() + 10s);
    EXPECT_EQ(ran, 2);
}

TEST(io_threads, calls_each_thread_every_second_and_its_timers) {
    struct probe final : timer {
        std::promise<void> called;
        void expired(steady_time) override { called.set_value(); }
    };
    probe one;
    std::array<std::promise<void>, 2> seconds;
    std::array<std::atomic<bool>, 2> told{};
    io_threads threads(2);
    threads.start([&](std::size_t index) {
        if (!told[index].exchange(true))
            seconds[index].set_value();
    });
    threads[1].post([&] { threads[1].schedule(one, io_thread::now() + 1ms); });
    one.called.get_future().get();
    for (auto& each : seconds)
        each.get_future().get();
    threads.stop(io_thread::now() + 10s);
}

} // namespace
} // namespace capstan::server
