// What all kinds of streams have in common.

#include "unit/client/transport/transport_fixture.hpp"

namespace capstan::client {
namespace {

class every_stream_test : public test::client_transport, public testing::WithParamInterface<transport> {
protected:
    client_options options() const { return trusting().over(GetParam()); }

    test::stream_ptr open_to_echo() {
        return open_to([](auto& wire) { return echo(wire); });
    }
    test::stream_ptr open_to_silence() {
        return open_to([](auto& wire) { return stay_silent(wire); });
    }
    test::stream_ptr open_to_deafness() {
        return open_to([this](auto& wire) { return stay_deaf(wire); });
    }
    /// `does` takes a stream of any kind.
    template<class Doing> test::stream_ptr open_to(Doing does) { return open(at(serve_transport(does)), options()); }
    template<class Doing> std::uint16_t serve_transport(Doing does) {
        auto& tls = tls_of(ca.issue("hub", "IP:127.0.0.1"));
        switch (GetParam()) {
        case transport::plain_amqp: break;
        case transport::amqp: return serve(over_tls(tls, does));
        case transport::amqp_over_websockets: return serve(over_websocket(tls, does));
        }
        return serve([=](test::tcp::socket wire) { return with_plain(std::move(wire), does); });
    }

    /// A read, and a write that a deaf peer never takes all of.
    struct pending {
        std::optional<boost::system::error_code> read, written;
        std::string input = std::string(1000, '\0'), output = std::string(30'000'000, 'x');
        bool ended() const { return read && written; }
    };
    void begin(byte_stream& stream, pending& both) {
        stream.async_read_some(asio::buffer(both.input), [&](boost::system::error_code error, std::size_t) { both.read = error; });
        stream.async_write(asio::buffer(both.output), [&](boost::system::error_code error, std::size_t) { both.written = error; });
        loop.restart();
        loop.poll();
        ASSERT_FALSE(both.read || both.written);
    }

private:
    template<class Doing> static asio::awaitable<void> with_plain(test::tcp::socket wire, Doing does) { co_await does(wire); }
};

std::string name_of(const testing::TestParamInfo<transport>& info) {
    switch (info.param) {
    case transport::plain_amqp: return "plain";
    case transport::amqp: return "tls";
    case transport::amqp_over_websockets: break;
    }
    return "websocket";
}
INSTANTIATE_TEST_SUITE_P(transports, every_stream_test,
                         testing::Values(transport::plain_amqp, transport::amqp, transport::amqp_over_websockets), name_of);

TEST_P(every_stream_test, bytes_go_both_ways) {
    const auto stream = open_to_echo();
    expect_echo(*stream);
    expect_echo(*stream, "and again");
}

/// Counts up to the moment at which it is there before it could be cancelled.
TEST_P(every_stream_test, opening_may_be_cancelled_at_every_moment) {
    const auto port = serve_transport([](auto& wire) { return stay_silent(wire); });
    bool whole = false;
    for (int moment = 0; !whole; ++moment) {
        asio::cancellation_signal stop;
        result opened;
        start(opened, at(port), options(), stop.slot());
        loop.restart();
        for (int i = 0; i < moment && !opened.done; ++i)
            loop.run_one();
        whole = opened.done;
        cancel(stop);
        run_until([&] { return opened.done; });
        EXPECT_NE(opened.stream == nullptr, opened.failure == nullptr) << moment;
        if (opened.failure) {
            EXPECT_EQ(failure_of(opened.failure).reason(), errc::canceled) << moment;
        }
    }
}

TEST_P(every_stream_test, large_writes_go_out_while_it_is_read) {
    const auto stream = open_to_echo();
    std::string sent(5'000'000, '\0');
    for (std::size_t i = 0; i < sent.size(); ++i)
        sent[i] = static_cast<char>(i * 2654435761u >> 13);
    std::optional<std::size_t> written;
    stream->async_write(asio::buffer(sent), [&](boost::system::error_code, std::size_t count) { written = count; });
    EXPECT_TRUE(read(*stream, sent.size()) == sent);
    run_until([&] { return written.has_value(); });
    EXPECT_EQ(*written, sent.size());
}

TEST_P(every_stream_test, close_ends_what_is_under_way) {
    const auto stream = open_to_deafness();
    pending both;
    begin(*stream, both);
    stream->close();
    run_until([&] { return both.ended(); });
    EXPECT_EQ(*both.read, asio::error::operation_aborted);
    EXPECT_EQ(*both.written, asio::error::operation_aborted);
}

TEST_P(every_stream_test, a_stream_may_go_before_what_is_under_way) {
    auto stream = open_to_deafness();
    pending both;
    begin(*stream, both);
    stream.reset();
    run_until([&] { return both.ended(); });
    EXPECT_EQ(*both.read, asio::error::operation_aborted);
    EXPECT_EQ(*both.written, asio::error::operation_aborted);
}

TEST_P(every_stream_test, a_closed_one_does_nothing_more) {
    const auto stream = open_to_silence();
    stream->close();
    stream->close();
    std::optional<boost::system::error_code> written;
    stream->async_write(asio::buffer("x", 1), [&](boost::system::error_code error, std::size_t) { written = error; });
    run_until([&] { return written.has_value(); });
    EXPECT_TRUE(*written);
    EXPECT_EQ(read(*stream, 1), "");
}

TEST_P(every_stream_test, the_peer_ends_it) {
    const auto stream = open_to([](auto& wire) -> asio::awaitable<void> {
        boost::beast::get_lowest_layer(wire).close();
        co_return;
    });
    EXPECT_EQ(read(*stream, 1), "");
}

TEST_P(every_stream_test, handlers_run_on_the_strand) {
    const auto stream = open_to_echo();
    int on_strand = 0;
    char byte = 0;
    stream->async_write(asio::buffer("x", 1), [&](auto...) { on_strand += strand.running_in_this_thread(); });
    stream->async_read_some(asio::buffer(&byte, 1), [&](auto...) { on_strand += strand.running_in_this_thread(); });
    run_until([&] { return on_strand == 2; });
}

} // namespace
} // namespace capstan::client
