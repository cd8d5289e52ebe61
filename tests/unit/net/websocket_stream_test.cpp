// A client of Boost.Beast's at the other end, or bytes by hand where it would not send such.
#include "net/websocket_stream.hpp"

#include <future>

#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/tcp_stream.hpp"
#include "unit/net/loopback.hpp"

namespace capstan::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using namespace std::string_literals;
using namespace std::string_view_literals;

TEST(websocket_accept, is_that_of_the_standard) { EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); }

struct websocket_stream_test : testing::Test {
    test::loopback pair;
    std::unique_ptr<websocket_stream> stream;
    websocket::stream<asio::ip::tcp::socket&, false> client{pair.far};
    bytes buffer = bytes(64 * 1024);

    void make(std::string_view answer = {}, bytes early = {}) {
        stream = std::make_unique<websocket_stream>(std::make_unique<tcp_stream>(std::move(pair.near)), answer, std::move(early));
    }

    /// Beast's client sends its request, and the stream is made as http makes it.
    void open() {
        auto opened = std::async(std::launch::async, [this] { client.handshake("localhost", "/"); });
        std::string request;
        asio::read_until(pair.near, asio::dynamic_buffer(request), "\r\n\r\n");
        constexpr auto field = "Sec-WebSocket-Key: "sv;
        const auto key = request.substr(request.find(field) + field.size(), 24);
        make("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
             websocket_accept(key) + "\r\n\r\n");
        EXPECT_EQ(stream->read_some(buffer).state, io_state::wait_readable); // which writes what there is to write
        opened.get();
        client.binary(true);
    }

    void wait_for(io_state state) {
        ASSERT_TRUE(state == io_state::wait_readable || state == io_state::wait_writable);
        test::wait_for(stream->socket(), state == io_state::wait_readable ? POLLIN : POLLOUT);
    }
    /// The first read that has not to wait.
    io_result read() {
        auto last = stream->read_some(buffer);
        while (last.state == io_state::wait_readable || last.state == io_state::wait_writable) {
            wait_for(last.state);
            last = stream->read_some(buffer);
        }
        return last;
    }
    std::string read_text(std::size_t size) {
        std::string all;
        while (all.size() < size) {
            const auto last = read();
            if (last.state != io_state::moved)
                return all + " and then the end";
            all += as_text(bytes_view(buffer).first(last.count));
        }
        return all;
    }
    /// What the client reads next, a whole message.
    std::string message() {
        beast::flat_buffer received;
        client.read(received);
        EXPECT_TRUE(client.got_binary());
        return beast::buffers_to_string(received.data());
    }
    /// How reading ends at the client.
    boost::system::error_code end() {
        beast::flat_buffer received;
        boost::system::error_code error;
        client.read(received, error);
        return error;
    }
    void send_raw(std::string_view frames) { asio::write(pair.far, asio::buffer(frames)); }
};

TEST_F(websocket_stream_test, carries_bytes_both_ways) {
    open();
    client.write(asio::buffer("hello"sv));
    EXPECT_EQ(read_text(5), "hello");
    EXPECT_EQ(stream->write_some(as_bytes("welcome")).count, 7u);
    EXPECT_EQ(message(), "welcome");
    EXPECT_TRUE(stream->established());
    EXPECT_FALSE(stream->peer_certificate());
}

TEST_F(websocket_stream_test, messages_and_fragments_are_one_stream) {
    open();
    client.auto_fragment(true);
    client.write_buffer_bytes(8); // the frames' payload, too
    std::string all;
    for (int count = 0; count < 100; ++count) {
        const std::string message(static_cast<std::size_t>(count), static_cast<char>('!' + count % 90));
        client.write(asio::buffer(message));
        all += message;
    }
    EXPECT_EQ(read_text(all.size()), all);
}

TEST_F(websocket_stream_test, reads_into_little_room) {
    open();
    client.write(asio::buffer("hello"sv));
    buffer.resize(2);
    EXPECT_EQ(read_text(5), "hello");
}

TEST_F(websocket_stream_test, what_came_behind_the_request_is_read_first) {
    const auto early = as_bytes("\x82\x83\0\0\0\0abc\x82\x85\0\0"sv);
    make("", bytes(early.begin(), early.end()));
    send_raw("\0\0defgh"sv);
    EXPECT_EQ(read_text(8), "abcdefgh");
}

TEST_F(websocket_stream_test, a_message_of_megabytes) {
    open();
    std::string large(3 << 20, ' ');
    for (std::size_t at = 0; at < large.size(); ++at)
        large[at] = static_cast<char>(at * 7 % 251);
    auto sent = std::async(std::launch::async, [&] { client.write(asio::buffer(large)); });
    EXPECT_TRUE(read_text(large.size()) == large);
    sent.get();
}

TEST_F(websocket_stream_test, every_write_is_a_message_of_bounded_size) {
    open();
    for (const std::size_t size : {1u, 125u, 126u, 10'000u}) {
        EXPECT_EQ(stream->write_some(bytes(size, 'x')).count, size);
        EXPECT_EQ(message(), std::string(size, 'x'));
    }
    const auto largest = stream->write_some(bytes(100'000, 'y')).count;
    EXPECT_EQ(largest, 16'380u);
    EXPECT_EQ(message(), std::string(largest, 'y'));
}

TEST_F(websocket_stream_test, a_write_that_would_block_goes_on_from_another_place_with_more_behind_it) {
    open();
    const auto pattern = [](std::size_t from, std::size_t count) {
        bytes made(count);
        for (std::size_t i = 0; i < count; ++i)
            made[i] = static_cast<std::uint8_t>((from + i) * 7 % 251);
        return made;
    };
    std::size_t sent = 0;
    io_result last{io_state::moved};
    while ((last = stream->write_some(pattern(sent, 20'000))).state == io_state::moved)
        sent += last.count;
    ASSERT_EQ(last.state, io_state::wait_writable);

    const auto total = sent + 100'000;
    auto received = std::async(std::launch::async, [&] {
        std::string all;
        while (all.size() < total)
            all += message();
        return all;
    });
    while (sent < total) {
        last = stream->write_some(pattern(sent, std::min<std::size_t>(30'000, total - sent)));
        if (last.state == io_state::moved)
            sent += last.count;
        else
            wait_for(last.state);
    }
    EXPECT_TRUE(received.get() == as_text(pattern(0, total)));
}

// --- control frames

TEST_F(websocket_stream_test, a_ping_is_answered_before_anything_else_is_written) {
    open();
    std::string pong;
    client.control_callback([&](websocket::frame_type kind, beast::string_view payload) {
        EXPECT_EQ(kind, websocket::frame_type::pong);
        pong = std::string(payload);
    });
    client.ping("are you there");
    client.write(asio::buffer("x"sv));
    EXPECT_EQ(read_text(1), "x");
    EXPECT_EQ(stream->read_some(buffer).state, io_state::wait_readable);
    stream->write_some(as_bytes("y"));
    EXPECT_EQ(message(), "y");
    EXPECT_EQ(pong, "are you there");
}

/// What lies below, with as much room as the test says.
class narrow_stream final : public net::stream {
public:
    io_result read_some(std::span<std::uint8_t> into) override {
        if (to_read.empty())
            return {io_state::wait_readable};
        const auto count = std::min(into.size(), to_read.size());
        std::ranges::copy(as_bytes(to_read).first(count), into.begin());
        to_read.erase(0, count);
        return {io_state::moved, count};
    }
    io_result write_some(bytes_view from) override {
        const auto count = std::min(from.size(), room);
        room -= count;
        written += as_text(from.first(count));
        return count > 0 ? io_result{io_state::moved, count} : io_result{io_state::wait_writable};
    }
    bool established() const override { return true; }
    std::optional<client_certificate> peer_certificate() const override { return client_certificate{"AB", "", "", false}; }
    void finish() override { finished = true; }
    tcp_socket& socket() override { return none; }

    asio::io_context context;
    tcp_socket none{context};
    std::string to_read, written;
    std::size_t room = 0;
    bool finished = false;
};

struct websocket_on_narrow_stream_test : testing::Test {
    std::unique_ptr<narrow_stream> made = std::make_unique<narrow_stream>();
    narrow_stream& under = *made;
    websocket_stream stream{std::move(made), "", {}};
    bytes buffer = bytes(64 * 1024);
};

TEST_F(websocket_on_narrow_stream_test, the_answer_to_the_request_comes_before_anything_else) {
    auto below = std::make_unique<narrow_stream>();
    auto& narrow = *below;
    websocket_stream begun(std::move(below), "HTTP/1.1 101", {});
    narrow.to_read = "\x82\x81\0\0\0\0x"s;
    EXPECT_EQ(begun.read_some(buffer).state, io_state::wait_writable);
    EXPECT_EQ(begun.write_some(as_bytes("y")).state, io_state::wait_writable);
    narrow.room = 1000;
    EXPECT_EQ(begun.write_some(as_bytes("y")).count, 1u);
    EXPECT_EQ(narrow.written, "HTTP/1.1 101\x82\x01y");
    EXPECT_EQ(begun.read_some(buffer).count, 1u);
    EXPECT_EQ(begun.peer_certificate()->sha1, "AB");
}

TEST_F(websocket_on_narrow_stream_test, a_ping_in_the_middle_of_a_frame_is_answered_behind_it) {
    under.room = 4;
    EXPECT_EQ(stream.write_some(as_bytes("hello")).state, io_state::wait_writable);
    under.to_read = "\x89\x83\0\0\0\0now"s;
    EXPECT_EQ(stream.read_some(buffer).state, io_state::wait_writable);
    under.room = 1000;
    EXPECT_EQ(stream.read_some(buffer).state, io_state::wait_readable);
    EXPECT_EQ(under.written, "\x82\x05hello\x8a\x03now");
    EXPECT_EQ(stream.write_some(as_bytes("hello, world")).count, 5u) << "what has gone";
    EXPECT_EQ(stream.write_some(as_bytes(", world")).count, 7u);
    EXPECT_EQ(under.written, "\x82\x05hello\x8a\x03now\x82\x07, world");
}

TEST_F(websocket_on_narrow_stream_test, a_frame_that_waits_does_not_keep_from_reading) {
    EXPECT_EQ(stream.write_some(as_bytes("hello")).state, io_state::wait_writable);
    under.to_read = "\x82\x83\0\0\0\0abc"s;
    EXPECT_EQ(stream.read_some(buffer).count, 3u);
    EXPECT_EQ(stream.read_some(buffer).state, io_state::wait_readable);
}

TEST_F(websocket_on_narrow_stream_test, who_pings_and_does_not_read_is_not_read_from) {
    const auto pings = "\x89\x81\0\0\0\0p\x82\x81\0\0\0\0x"s;
    under.to_read = pings + pings;
    EXPECT_EQ(stream.read_some(buffer).count, 2u);
    under.to_read = pings;
    EXPECT_EQ(stream.read_some(buffer).state, io_state::wait_writable);
    EXPECT_EQ(under.to_read, pings);
    under.room = 1000;
    EXPECT_EQ(stream.read_some(buffer).count, 1u);
    EXPECT_EQ(under.written, "\x8a\x01p");
}

TEST_F(websocket_on_narrow_stream_test, a_close_goes_behind_the_frame_that_waits) {
    under.room = 4;
    EXPECT_EQ(stream.write_some(as_bytes("hello")).state, io_state::wait_writable);
    stream.finish();
    EXPECT_EQ(stream.read_some(buffer).state, io_state::wait_writable);
    under.room = 1000;
    EXPECT_EQ(stream.read_some(buffer).state, io_state::wait_readable);
    EXPECT_EQ(under.written, "\x82\x05hello\x88\x02\x03\xe8");
    EXPECT_FALSE(under.finished);
    under.to_read = "\x88\x82\0\0\0\0\x03\xe8"s;
    EXPECT_EQ(stream.read_some(buffer).state, io_state::wait_readable) << "until the stream below ends, too";
    EXPECT_TRUE(under.finished);
}

TEST_F(websocket_stream_test, frames_without_data_do_not_keep_the_others_waiting) {
    make();
    const std::string nothing = "\x82\x80\0\0\0\0"s;
    std::string much;
    for (int count = 0; count < 20; ++count)
        much += nothing;
    send_raw(much + "\x82\x81\0\0\0\0z"s);
    wait_for(io_state::wait_readable);
    buffer.resize(nothing.size());
    EXPECT_EQ(stream->read_some(buffer).state, io_state::wait_writable) << "though there is more";
    EXPECT_EQ(read_text(1), "z");
}

// --- the end

TEST_F(websocket_stream_test, a_close_of_the_client_is_answered_with_its_code) {
    open();
    auto closed = std::async(std::launch::async, [this] {
        boost::system::error_code error;
        client.close(websocket::close_code::going_away, error);
        return error;
    });
    const auto over = read();
    EXPECT_EQ(over.state, io_state::over);
    EXPECT_EQ(over.error, asio::error::eof);
    stream->finish();
    EXPECT_EQ(read().state, io_state::closed);
    EXPECT_FALSE(closed.get());
    EXPECT_EQ(client.reason().code, websocket::close_code::going_away);
}

TEST_F(websocket_stream_test, data_before_the_close_is_not_lost) {
    make();
    send_raw("\x82\x83\0\0\0\0abc\x88\x80\0\0\0\0"sv);
    EXPECT_EQ(read_text(3), "abc");
    EXPECT_EQ(read().state, io_state::over);
    stream->finish();
    std::string answer;
    boost::system::error_code end;
    asio::read(pair.far, asio::dynamic_buffer(answer), end);
    EXPECT_EQ(answer, "\x88\0"sv);
    EXPECT_EQ(end, asio::error::eof);
}

TEST_F(websocket_stream_test, an_end_without_a_close_is_the_end) {
    open();
    pair.far.shutdown(asio::ip::tcp::socket::shutdown_send);
    EXPECT_EQ(read().state, io_state::closed);
}

TEST_F(websocket_stream_test, our_close_waits_for_the_answer) {
    open();
    stream->finish();
    client.write(asio::buffer("late"sv));
    EXPECT_EQ(read_text(4), "late");
    auto ended = std::async(std::launch::async, [this] { return end(); }); // Beast answers by itself, and waits for the end below
    EXPECT_EQ(read().state, io_state::closed);
    EXPECT_EQ(ended.get(), websocket::error::closed);
    EXPECT_EQ(client.reason().code, websocket::close_code::normal);
}

TEST_F(websocket_stream_test, a_text_message_is_refused) {
    open();
    client.write(asio::buffer("binary"sv));
    client.text(true);
    client.write(asio::buffer("text"sv));
    EXPECT_EQ(read_text(6), "binary");
    const auto over = read();
    EXPECT_EQ(over.state, io_state::over);
    EXPECT_THAT(over.error.message(), testing::HasSubstr("text message"));
    stream->finish();
    EXPECT_EQ(end(), websocket::error::closed);
    EXPECT_EQ(client.reason().code, websocket::close_code::unknown_data); // 1003
    EXPECT_EQ(read().state, io_state::closed);
}

TEST_F(websocket_stream_test, after_a_fault_what_comes_is_dropped_until_the_end) {
    make();
    send_raw("\x82\x05hello"sv); // not masked
    EXPECT_EQ(read().state, io_state::over);
    stream->finish();
    send_raw("\x82\x85\0\0\0\0hello"sv);
    pair.far.shutdown(asio::ip::tcp::socket::shutdown_send);
    EXPECT_EQ(read().state, io_state::closed);
    std::string answer;
    boost::system::error_code end;
    asio::read(pair.far, asio::dynamic_buffer(answer), end);
    EXPECT_EQ(answer, "\x88\x02\x03\xea"sv); // 1002
    EXPECT_EQ(end, asio::error::eof);
}

} // namespace
} // namespace capstan::net
