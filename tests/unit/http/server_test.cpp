// Connections, limits, health: what is the same for all resources.

#include "http/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/http/hub_on_http.hpp"

namespace capstan::http {
namespace {

using namespace std::string_view_literals;
using test::field;
using test::verb;

constexpr auto devices = "/devices?api-version=2021-04-12";

limits small() {
    limits bounds;
    bounds.connections = 2;
    bounds.body = 64 * 1024;
    bounds.small_body = 32 * 1024;
    return bounds;
}

struct server_test : test::hub_on_http {
    server_test() : hub_on_http(small()) { client.emplace(port, client_tls); }
    void write(std::string_view text) { boost::asio::write(client->wire, boost::asio::buffer(text)); }
    std::string owner() { return "Authorization: " + token("iothubowner") + "\r\n"; }
};

TEST_F(server_test, a_connection_serves_many_requests) {
    for (int count = 0; count < 3; ++count)
        EXPECT_EQ(client->ask(request(verb::get, devices)).result_int(), 200);
}

TEST_F(server_test, a_connection_ends_when_the_client_wants_it) {
    auto last = request(verb::get, devices);
    last.keep_alive(false);
    EXPECT_FALSE(client->ask(last).keep_alive());
    EXPECT_TRUE(client->ended());
}

TEST_F(server_test, pipelined_requests_are_answered_in_turn) {
    const auto one = "GET /livez HTTP/1.1\r\n\r\n", two = "GET /nosuchthing HTTP/1.1\r\n\r\n";
    write(std::string(one) + two + one);
    for (const unsigned status : {200, 404, 200})
        EXPECT_EQ(client->answer().result_int(), status);
}

TEST_F(server_test, a_chunked_body) {
    auto asked = request(verb::put, "/devices/dev1?api-version=2021-04-12", R"({"deviceId":"dev1"})");
    asked.erase(field::content_length);
    asked.chunked(true);
    EXPECT_EQ(client->ask(asked).result_int(), 200);
}

TEST_F(server_test, a_body_that_waits_to_be_asked_for) {
    for (const auto* expect : {"100-continue", "100-Continue"}) {
        write("POST /devices?api-version=2021-04-12 HTTP/1.1\r\n" + owner() + "Expect: " + expect + "\r\nContent-Length: 2\r\n\r\n");
        EXPECT_EQ(client->answer().result_int(), 100);
        write("[]");
        EXPECT_EQ(client->answer().result_int(), 200);
    }
}

TEST_F(server_test, a_head_has_the_length_and_no_body) {
    const auto whole = client->ask(request(verb::get, "/livez"));
    const auto head = client->ask(request(verb::head, "/livez"));
    EXPECT_EQ(head.result_int(), 200);
    EXPECT_EQ(head[field::content_length], whole[field::content_length]);
    EXPECT_EQ(client->ask(request(verb::get, "/livez")).result_int(), 200) << "and the connection goes on";
}

TEST_F(server_test, nothing_comes_with_204) {
    client->ask(request(verb::put, "/devices/dev1?api-version=2021-04-12", "{}"));
    const auto gone = client->ask(request(verb::delete_, "/devices/dev1?api-version=2021-04-12"));
    EXPECT_EQ(gone.result_int(), 204);
    EXPECT_EQ(gone.count(field::content_length), 0);
    EXPECT_EQ(gone.body(), "");
}

TEST_F(server_test, too_large_a_body_is_refused_before_it_comes) {
    write("POST /devices?api-version=2021-04-12 HTTP/1.1\r\n" + owner() + "Content-Length: 99999999999\r\n\r\n");
    const auto answer = client->answer();
    EXPECT_EQ(verdict(answer), "413 GenericRequestEntityTooLarge");
    EXPECT_FALSE(answer.keep_alive());
}

TEST_F(server_test, a_client_that_sends_a_large_body_to_its_end_still_sees_the_answer) {
    const auto answer = client->ask(request(verb::post, devices, std::string(4 << 20, ' ')));
    EXPECT_EQ(verdict(answer), "413 GenericRequestEntityTooLarge");
}

TEST_F(server_test, a_large_body_in_chunks_is_refused_too) {
    auto asked = request(verb::post, devices, std::string(256 << 10, ' '));
    asked.erase(field::content_length);
    asked.chunked(true);
    EXPECT_EQ(verdict(client->ask(asked)), "413 GenericRequestEntityTooLarge");
}

TEST_F(server_test, the_largest_body_is_not_too_large) {
    EXPECT_EQ(client->ask(request(verb::post, devices, "[]" + std::string((64 << 10) - 2, ' '))).result_int(), 200);
}

TEST_F(server_test, a_body_about_one_device_is_small) {
    const auto body = R"({"deviceId":"dev1"})" + std::string(40 << 10, ' ');
    EXPECT_EQ(verdict(client->ask(request(verb::put, "/devices/dev1?api-version=2021-04-12", body))), "413 GenericRequestEntityTooLarge");
}

/// A stranger's body is not waited for, and not kept.
TEST_F(server_test, who_may_not_ask_is_told_before_the_body_comes) {
    write("PUT /devices/dev1?api-version=2021-04-12 HTTP/1.1\r\nContent-Length: 1000\r\n\r\n");
    const auto answer = client->answer();
    EXPECT_EQ(verdict(answer), "401 IotHubUnauthorizedAccess");
    EXPECT_FALSE(answer.keep_alive());
}

TEST_F(server_test, a_refusal_without_a_body_keeps_the_connection) {
    for (int i = 0; i < 3; ++i) {
        write("GET /devices?api-version=2021-04-12 HTTP/1.1\r\n\r\n");
        EXPECT_EQ(verdict(client->answer()), "401 IotHubUnauthorizedAccess");
    }
}

TEST_F(server_test, a_stop_does_not_wait_for_the_rest_of_a_request) {
    write("POST /devices?api-version=2021-04-12 HTTP/1.1\r\n" + owner() + "Expect: 100-continue\r\nContent-Length: 10\r\n\r\n");
    boost::asio::streambuf go_on;
    boost::asio::read_until(client->wire, go_on, "\r\n\r\n"); // the body is waited for now
    server->stop();
    EXPECT_TRUE(client->ended());
}

/// Beast would keep what it cannot parse yet for as long as it comes.
TEST_F(server_test, an_endless_line_in_a_chunked_body_is_not_kept) {
    write("POST /devices?api-version=2021-04-12 HTTP/1.1\r\n" + owner() + "Transfer-Encoding: chunked\r\n\r\n5;" +
          std::string(256 << 10, 'a'));
    EXPECT_EQ(client->answer().result_int(), 400);
    EXPECT_TRUE(client->ended());
}

TEST_F(server_test, of_a_stranger_no_body_is_read) {
    write("GET /livez HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;aaaa");
    EXPECT_EQ(client->answer().result_int(), 200);
    EXPECT_TRUE(client->ended());
}

TEST_F(server_test, too_large_a_header_is_refused) {
    auto asked = request(verb::get, devices);
    asked.set("X-Much", std::string(20'000, 'x'));
    EXPECT_EQ(verdict(client->ask(asked)), "431 GenericRequestHeaderFieldsTooLarge");
}

TEST_F(server_test, what_is_no_http_is_told_so) {
    for (const std::string_view text : {"AMQP\0\1\0\0\r\n\r\n"sv, "GET\r\n\r\n"sv, "GET / HTTP/9.9\r\n\r\n"sv,
                                        "GET / HTTP/1.1\r\nno colon\r\n\r\n"sv, "PUT / HTTP/1.1\r\nContent-Length: x\r\n\r\n"sv}) {
        client.emplace(port, client_tls);
        write(text);
        EXPECT_EQ(verdict(client->answer()), "400 GenericBadRequest") << text;
    }
}

TEST_F(server_test, no_more_connections_than_there_may_be) {
    EXPECT_EQ(client->ask(request(verb::get, "/livez")).result_int(), 200);
    test::https_client second(port, client_tls);
    EXPECT_THROW(test::https_client(port, client_tls), boost::system::system_error);
    EXPECT_EQ(second.ask(request(verb::get, "/livez")).result_int(), 200);
}

TEST_F(server_test, a_stop_ends_connections_that_wait) {
    EXPECT_EQ(client->ask(request(verb::get, "/livez")).result_int(), 200);
    server->stop();
    EXPECT_TRUE(client->ended());
    EXPECT_THROW(test::https_client(port, client_tls), boost::system::system_error);
}

TEST_F(server_test, a_port_in_use) {
    EXPECT_EQ(http::server({{loop, queue}}, *instance, tls).open("127.0.0.1", port).error(),
              "port " + std::to_string(port) + " on 127.0.0.1 is in use");
}

TEST_F(server_test, health_needs_no_token) {
    for (const auto* path : {"/livez", "/readyz", "/healthz", "/health"})
        EXPECT_EQ(client->ask(request(verb::get, path, {}, std::nullopt, "")).result_int(), 200) << path;
}

struct quick_server_test : test::hub_on_http {
    quick_server_test()
        : hub_on_http([] {
              limits bounds;
              bounds.idle_time = bounds.request_time = std::chrono::seconds(1);
              return bounds;
          }()) {}
};

TEST_F(quick_server_test, who_says_nothing_is_let_go) {
    test::https_client idle(port, client_tls);
    EXPECT_TRUE(idle.ended());
}

TEST_F(quick_server_test, who_does_not_finish_a_request_is_let_go) {
    test::https_client slow(port, client_tls);
    const auto half =
        "POST " + std::string(devices) + " HTTP/1.1\r\nAuthorization: " + token("iothubowner") + "\r\nContent-Length: 10\r\n\r\n[";
    boost::asio::write(slow.wire, boost::asio::buffer(half));
    EXPECT_TRUE(slow.ended());
}

} // namespace
} // namespace capstan::http
