// The request that begins AMQP over WebSockets. What follows is in unit/net and unit/server.
#include "http/websocket.hpp"

#include <condition_variable>
#include <future>
#include <mutex>

#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/http/hub_on_http.hpp"

namespace capstan::http {
namespace {

namespace beast = boost::beast;
using namespace std::string_view_literals;
using test::field;
using test::verb;

constexpr auto path = "/$iothub/websocket";

struct websocket_test : test::hub_on_http {
    websocket_test()
        : hub_on_http({}, [this]() -> websocket_taker {
              if (!place)
                  return nullptr;
              return [this](std::unique_ptr<net::stream> stream) {
                  const std::scoped_lock lock(mutex);
                  taken = std::move(stream);
                  came.notify_one();
              };
          }) {
        client.emplace(port, client_tls);
    }

    /// With what the standard's own example sends (RFC 6455, section 1.2), but our sub-protocol.
    test::http_request upgrade(const std::string& target = path) {
        test::http_request made(verb::get, target, 11);
        made.set(field::host, "hub.local");
        made.set(field::connection, "keep-alive, Upgrade");
        made.set(field::upgrade, "websocket");
        made.set(field::sec_websocket_version, "13");
        made.set(field::sec_websocket_key, "dGhlIHNhbXBsZSBub25jZQ==");
        made.set(field::sec_websocket_protocol, "AMQPWSB10");
        return made;
    }
    test::http_request upgrade_but(field name, const std::string& value) {
        auto made = upgrade();
        made.set(name, value);
        return made;
    }
    static std::string text_of(const test::http_response& answer) { return std::string(json_of(answer).at("Message").as_string()); }

    std::unique_ptr<net::stream> stream() {
        std::unique_lock lock(mutex);
        EXPECT_TRUE(came.wait_for(lock, std::chrono::seconds(10), [this] { return taken != nullptr; }));
        return std::move(taken);
    }
    /// The first bytes that are read of it; the answer to the request is written by then.
    static std::string first_of(net::stream& from) {
        bytes buffer(1024);
        auto last = from.read_some(buffer);
        while (last.state == net::io_state::wait_readable) {
            test::wait_for(from.socket(), POLLIN);
            last = from.read_some(buffer);
        }
        return std::string(as_text(bytes_view(buffer).first(last.count)));
    }

    std::atomic<bool> place = true;
    std::mutex mutex;
    std::condition_variable came;
    std::unique_ptr<net::stream> taken;
};

TEST_F(websocket_test, the_answer_is_that_of_the_standard) {
    const std::string hello = "\x82\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"; // of the standard, but binary
    std::ostringstream text;
    text << upgrade();
    boost::asio::write(client->wire, boost::asio::buffer(text.str() + hello));
    const auto given = stream();
    EXPECT_EQ(first_of(*given), "Hello") << "though it came with the request";
    const auto answer = client->answer();
    EXPECT_EQ(answer.result_int(), 101);
    EXPECT_EQ(answer[field::upgrade], "websocket");
    EXPECT_EQ(answer[field::connection], "Upgrade");
    EXPECT_EQ(answer[field::sec_websocket_accept], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_EQ(answer[field::sec_websocket_protocol], "AMQPWSB10");
    EXPECT_EQ(answer.count(field::sec_websocket_extensions), 0);
    EXPECT_EQ(answer.count(field::content_length), 0);
}

TEST_F(websocket_test, a_client_of_beast_is_served_at_all_paths) {
    for (const auto* target : {"/$iothub/websocket", "/$iothub/websocket?iothub-no-client-cert=true", "/$servicebus/websocket",
                               "/$servicebus/websocket/", "/$IotHub/WebSocket/", "/%24iothub/websocket"}) {
        client.emplace(port, client_tls);
        beast::websocket::stream<asio::ssl::stream<asio::ip::tcp::socket>&> socket(client->wire);
        socket.set_option(beast::websocket::stream_base::decorator(
            [](beast::websocket::request_type& asked) { asked.set(field::sec_websocket_protocol, "AMQPWSB10"); }));
        beast::websocket::permessage_deflate compressed;
        compressed.client_enable = true; // and not agreed to
        socket.set_option(compressed);
        socket.binary(true);
        auto opened = std::async(std::launch::async, [&] {
            socket.handshake("hub.local", target);
            socket.write(asio::buffer("hello"sv));
        });
        const auto given = stream();
        EXPECT_EQ(first_of(*given), "hello") << target;
        opened.get();
    }
}

TEST_F(websocket_test, the_sub_protocol_is_one_of_ours_or_it_is_refused) {
    struct row {
        std::string_view offered, chosen;
    };
    for (const auto& [offered, chosen] : std::initializer_list<row>{
             {"AMQPWSB10", "AMQPWSB10"},
             {"amqp", "amqp"},
             {"amqp, AMQPWSB10", "AMQPWSB10"},
             {"mqtt,  amqp ", "amqp"},
             {"mqtt", ""},
             {"AMQPWSB", ""},
             {"", ""},
         }) {
        auto asked = upgrade_but(field::sec_websocket_protocol, std::string(offered));
        const auto agreed = agree_to_websocket(asked.base(), clock.now());
        EXPECT_EQ(agreed.has_value(), !chosen.empty()) << offered;
        if (agreed) {
            EXPECT_THAT(*agreed, testing::HasSubstr("Sec-WebSocket-Protocol: " + std::string(chosen) + "\r\n")) << offered;
        }
    }
    auto in_two_fields = upgrade_but(field::sec_websocket_protocol, "mqtt");
    in_two_fields.insert(field::sec_websocket_protocol, "AMQPWSB10");
    EXPECT_TRUE(agree_to_websocket(in_two_fields.base(), clock.now()));
}

TEST_F(websocket_test, without_our_sub_protocol_the_answer_says_what_to_offer) {
    for (const auto* offered : {"mqtt", ""}) {
        auto asked = upgrade();
        asked.erase(field::sec_websocket_protocol);
        if (*offered != 0)
            asked.set(field::sec_websocket_protocol, offered);
        const auto answer = ask(asked);
        EXPECT_EQ(verdict(answer), "400 GenericBadRequest");
        EXPECT_THAT(text_of(answer), testing::HasSubstr("Sec-WebSocket-Protocol must offer AMQPWSB10 or amqp"));
    }
    EXPECT_EQ(ask(verb::get, "/livez").result_int(), 200) << "and the connection goes on";
}

TEST_F(websocket_test, what_is_no_upgrade_is_told_to_be_one) {
    auto no_connection = upgrade();
    no_connection.set(field::connection, "keep-alive");
    auto post = upgrade();
    post.method(verb::post);
    auto head = upgrade();
    head.erase(field::upgrade);
    for (const auto& asked : {request(verb::get, path), no_connection, post, head, upgrade_but(field::sec_websocket_version, "8")}) {
        const auto answer = ask(asked);
        EXPECT_EQ(verdict(answer), "426 GenericBadRequest");
        EXPECT_EQ(answer[field::upgrade], "websocket");
        EXPECT_EQ(answer[field::sec_websocket_version], "13");
    }
}

TEST_F(websocket_test, the_key_is_sixteen_bytes) {
    for (const auto* key : {"", "AAAA", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZSEh", "dGhlIHNhbXBsZSBub25jZQ==X"})
        EXPECT_EQ(verdict(ask(upgrade_but(field::sec_websocket_key, key))), "400 GenericBadRequest") << key;
}

TEST_F(websocket_test, when_there_is_no_place_it_can_be_tried_again) {
    place = false;
    EXPECT_EQ(verdict(ask(upgrade())), "503 ServiceUnavailable");
    place = true;
    std::ostringstream text;
    text << upgrade();
    boost::asio::write(client->wire, boost::asio::buffer(text.str()));
    EXPECT_NE(stream(), nullptr);
}

TEST_F(websocket_test, other_paths_are_no_websockets) {
    for (const auto* other : {"/", "/$iothub", "/$iothub/websocket/x", "/$iothub/websockets", "/devices/websocket/"})
        EXPECT_EQ(ask(upgrade(std::string(other) + "?api-version=x")).result_int() / 100, 4) << other;
    EXPECT_EQ(verdict(ask(upgrade("/$iothub"))), "404 GenericNotFound");
}

} // namespace
} // namespace capstan::http
