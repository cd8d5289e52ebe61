#include "unit/client/transport/transport_fixture.hpp"

namespace capstan::client {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

class open_stream_test : public test::client_transport {
protected:
    /// Cancels the opening as soon as the server has seen it, and gives what comes of it.
    client_error cancelled(const client_options& options, const server& with) {
        bool seen = false;
        const auto port = serve([&](test::tcp::socket socket) {
            seen = true;
            return with(std::move(socket));
        });
        asio::cancellation_signal stop;
        result opened;
        start(opened, at(port), options, stop.slot());
        run_until([&] { return seen; });
        loop.poll(); // up to where it waits
        cancel(stop);
        run_until([&] { return opened.done; });
        EXPECT_FALSE(opened.stream);
        return failure_of(opened.failure);
    }
};

TEST_F(open_stream_test, plain_bytes_go_both_ways) {
    const auto stream = open(at(serve(echoing)), plain());
    expect_echo(*stream);
}

TEST_F(open_stream_test, the_name_is_resolved) {
    const auto stream = open(at(serve(echoing), "localhost"), plain());
    expect_echo(*stream);
}

TEST_F(open_stream_test, a_name_that_is_not_known) {
    const auto error = failure(at(5671, std::string(64, 'a') + ".invalid"), plain()); // a label has at most 63: nobody is asked
    EXPECT_EQ(error.reason(), errc::connection_failed);
    EXPECT_THAT(error.description(), StartsWith("resolve " + std::string(64, 'a') + ".invalid: Host not found"));
}

TEST_F(open_stream_test, a_name_that_cannot_be) {
    for (const std::string host : {"", "hub local", "hub\r\nX: y", "hub/x"}) {
        const auto error = failure(at(5671, host), plain());
        EXPECT_EQ(error.reason(), errc::invalid_argument) << host;
        EXPECT_THAT(error.description(), HasSubstr("is no host name"));
    }
}

TEST_F(open_stream_test, a_port_that_refuses) {
    const auto port = refused_port();
    const auto error = failure(at(port), plain());
    EXPECT_EQ(error.reason(), errc::connection_failed);
    EXPECT_EQ(error.description(), "connect to 127.0.0.1:" + std::to_string(port) + ": Connection refused (127.0.0.1)");
}

TEST_F(open_stream_test, time_outs_name_the_step) {
    const test::silent_address nobody(loop);
    auto error = failure(at(nobody.address().port()), plain().connect_time_out(20ms));
    EXPECT_EQ(error.reason(), errc::timed_out);
    EXPECT_THAT(error.description(), StartsWith("connect to 127.0.0.1:"));
    EXPECT_THAT(error.description(), HasSubstr(": not done within 20 ms"));

    error = failure(at(serve(silent)), trusting().connect_time_out(20ms));
    EXPECT_EQ(error.reason(), errc::timed_out);
    EXPECT_THAT(error.description(), StartsWith("TLS with 127.0.0.1:"));
}

TEST_F(open_stream_test, cancellation_ends_it) {
    const auto error = cancelled(trusting(), silent);
    EXPECT_EQ(error.reason(), errc::canceled);
    EXPECT_THAT(error.description(), StartsWith("TLS with"));
}

TEST_F(open_stream_test, cancellation_ends_connecting) {
    const test::silent_address nobody(loop);
    asio::cancellation_signal stop;
    result opened;
    start(opened, at(nobody.address().port()), plain(), stop.slot());
    loop.poll();
    cancel(stop);
    run_until([&] { return opened.done; });
    EXPECT_EQ(failure_of(opened.failure).reason(), errc::canceled);
}

TEST_F(open_stream_test, a_caller_that_was_cancelled_may_go_on) {
    const test::silent_address nobody(loop);
    asio::cancellation_signal stop;
    std::optional<bool> throws;
    auto caller = [&]() -> asio::awaitable<void> {
        const auto to = at(nobody.address().port());
        const auto options = plain();
        try {
            co_await open_stream(to, options);
        } catch (const client_error&) {}
        throws = co_await asio::this_coro::throw_if_cancelled();
    };
    asio::co_spawn(strand, caller, asio::bind_cancellation_slot(stop.slot(), [](const std::exception_ptr&) {}));
    loop.poll();
    cancel(stop);
    run_until([&] { return throws.has_value(); });
    EXPECT_TRUE(*throws);
}

TEST_F(open_stream_test, many_are_opened_on_a_pool_of_threads) {
    constexpr int many = 16;
    const auto port = serve(over_tls(tls_of(ca.issue("hub", "IP:127.0.0.1")), [](test::tls_socket& wire) { return echo(wire); }));
    std::atomic<int> opened = 0, failed = 0;
    asio::thread_pool pool(2);
    const auto count = [&](const std::exception_ptr& failure, const test::stream_ptr&) { ++(failure ? failed : opened); };
    for (int i = 0; i < many; ++i)
        asio::co_spawn(asio::make_strand(pool), open_stream(at(port), trusting()), count);
    run_until([&] { return opened + failed == many; }); // the server sees them go
    pool.join();
    EXPECT_EQ(opened, many);
}

TEST_F(open_stream_test, a_loop_that_goes_takes_it_with_it) {
    const test::silent_address nobody(loop);
    asio::io_context other(1);
    const auto ignore = [](const std::exception_ptr&, const test::stream_ptr&) {};
    asio::co_spawn(asio::make_strand(other), open_stream(at(nobody.address().port()), plain()), ignore);
    asio::co_spawn(asio::make_strand(other), open_stream(at(serve(silent)), trusting()), ignore);
    other.poll();
}

} // namespace
} // namespace capstan::client
