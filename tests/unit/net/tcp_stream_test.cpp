#include "net/tcp_stream.hpp"

#include <gtest/gtest.h>

#include "unit/net/loopback.hpp"

namespace capstan::net {
namespace {

using test::loopback;
namespace asio = boost::asio;

struct tcp_stream_test : testing::Test {
    loopback pair;
    tcp_stream stream{std::move(pair.near)};
    bytes buffer = bytes(64 * 1024);

    void wait(short what) { test::wait_for(stream.socket(), what); }
};

TEST_F(tcp_stream_test, reads_what_has_come_and_says_when_there_is_no_more) {
    EXPECT_EQ(stream.read_some(buffer).state, io_state::wait_readable);
    asio::write(pair.far, asio::buffer("hello", 5));
    wait(POLLIN);
    const auto read = stream.read_some(buffer);
    EXPECT_EQ(read.state, io_state::moved);
    EXPECT_EQ(as_text(bytes_view(buffer).first(read.count)), "hello");
    EXPECT_EQ(stream.read_some(buffer).state, io_state::wait_readable);
}

TEST_F(tcp_stream_test, knows_from_a_read_that_there_was_no_more) {
    asio::write(pair.far, asio::buffer("hello", 5));
    wait(POLLIN);
    EXPECT_FALSE(stream.read_some(std::span(buffer).first(5)).drained) << "there may be more";
    EXPECT_FALSE(stream.read_some(buffer).drained) << "nothing was read: the state says it all";
    asio::write(pair.far, asio::buffer("hello", 5));
    wait(POLLIN);
    EXPECT_TRUE(stream.read_some(buffer).drained);
}

TEST_F(tcp_stream_test, the_end_of_the_peer_is_no_failure) {
    pair.far.shutdown(asio::ip::tcp::socket::shutdown_send);
    wait(POLLIN);
    EXPECT_EQ(stream.read_some(buffer).state, io_state::closed);
}

TEST_F(tcp_stream_test, a_reset_is_a_failure_with_its_reason) {
    pair.far.set_option(asio::socket_base::linger(true, 0));
    pair.far.close();
    wait(POLLIN);
    const auto read = stream.read_some(buffer);
    EXPECT_EQ(read.state, io_state::failed);
    EXPECT_EQ(read.error, asio::error::connection_reset);
}

TEST_F(tcp_stream_test, writes_as_much_as_the_socket_takes) {
    const bytes much(1 << 20, 'x');
    std::size_t written = 0;
    io_result last{io_state::moved};
    while ((last = stream.write_some(much)).state == io_state::moved)
        written += last.count;
    EXPECT_EQ(last.state, io_state::wait_writable);
    bytes read(written);
    EXPECT_EQ(asio::read(pair.far, asio::buffer(read)), written);
    wait(POLLOUT);
    EXPECT_EQ(stream.write_some(much).state, io_state::moved);
}

TEST_F(tcp_stream_test, after_its_end_it_still_reads) {
    stream.finish();
    boost::system::error_code end;
    pair.far.read_some(asio::buffer(buffer), end);
    EXPECT_EQ(end, asio::error::eof);
    asio::write(pair.far, asio::buffer("late", 4));
    wait(POLLIN);
    EXPECT_EQ(stream.read_some(buffer).count, 4u);
}

TEST_F(tcp_stream_test, has_no_handshake_and_no_certificate) {
    EXPECT_TRUE(stream.established());
    EXPECT_FALSE(stream.peer_certificate());
}

} // namespace
} // namespace capstan::net
