#include "client/transport/connect.hpp"

#include "unit/client/transport/transport_fixture.hpp"

namespace capstan::client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class connect_test : public test::client_transport {
protected:
    /// The port that was reached, or why none was.
    std::string reach(std::vector<tcp::endpoint> addresses, std::chrono::milliseconds delay) {
        std::optional<std::string> reached;
        auto then = [&](const std::exception_ptr& failure, const std::optional<tcp::socket>& socket) {
            reached = failure ? failure_of(failure).what() : std::to_string(socket->remote_endpoint().port());
        };
        asio::co_spawn(strand, connect_optionally(std::move(addresses), delay), std::move(then));
        run_until([&] { return reached.has_value(); });
        return *reached;
    }

    progress whole;

private:
    /// co_spawn wants results that can be made of nothing.
    asio::awaitable<std::optional<tcp::socket>> connect_optionally(std::vector<tcp::endpoint> addresses, std::chrono::milliseconds delay) {
        co_return co_await connect(whole, "hub", std::move(addresses), delay);
    }
};

tcp::endpoint local(std::uint16_t port) { return {asio::ip::address_v4::loopback(), port}; }

TEST(interleaved, families_take_turns) {
    const auto of = [](const char* text) { return tcp::endpoint(asio::ip::make_address(text), 5671); };
    const auto a = of("10.0.0.1"), b = of("10.0.0.2"), c = of("10.0.0.3"), x = of("2001:db8::1"), y = of("2001:db8::2");
    EXPECT_THAT(interleaved({x, y, a, b, c}), ElementsAre(x, a, y, b, c));
    EXPECT_THAT(interleaved({a, b, c, x}), ElementsAre(a, x, b, c));
    EXPECT_THAT(interleaved({a, x, y}), ElementsAre(a, x, y));
    EXPECT_THAT(interleaved({b, a}), ElementsAre(b, a));
    EXPECT_TRUE(interleaved({}).empty());
}

TEST(host_and_port, is_as_in_a_url) {
    EXPECT_EQ(host_and_port("hub.example", 5671), "hub.example:5671");
    EXPECT_EQ(host_and_port("::1", 443), "[::1]:443");
}

TEST_F(connect_test, the_next_address_is_tried_at_once_when_one_fails) {
    const auto port = serve(silent);
    EXPECT_EQ(reach({local(refused_port()), local(refused_port()), local(port)}, 1h), std::to_string(port));
}

TEST_F(connect_test, the_next_address_is_tried_beside_one_that_does_not_answer) {
    const test::silent_address nobody(loop);
    const auto port = serve(silent);
    EXPECT_EQ(reach({nobody.address(), nobody.address(), local(port)}, 1ms), std::to_string(port));
}

TEST_F(connect_test, an_address_that_is_late_may_win_after_the_others_have_failed) {
    const auto port = serve(silent);
    EXPECT_EQ(reach({local(port), local(refused_port())}, 0ms), std::to_string(port));
}

TEST_F(connect_test, all_failures_are_named) {
    const auto text = reach({local(refused_port()), {asio::ip::make_address("127.0.0.2"), refused_port()}}, 1h);
    EXPECT_THAT(text, HasSubstr("connect to hub: Connection refused (127.0.0.1), Connection refused (127.0.0.2)"));
}

TEST_F(connect_test, stopped_it_closes_all_attempts) {
    const test::silent_address nobody(loop);
    asio::post(strand, [&] { asio::post(strand, [&] { whole.stop(); }); });
    EXPECT_THAT(reach({nobody.address(), nobody.address()}, 0ms), HasSubstr("stopped"));
}

TEST_F(connect_test, stopped_before_it_does_not_begin) {
    whole.stop();
    EXPECT_THAT(reach({local(serve(silent))}, 1h), HasSubstr("cancelled"));
}

} // namespace
} // namespace capstan::client
