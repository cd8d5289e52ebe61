// The registry client against a scripted server: what it asks, what it makes of answers, and of servers that give none.

#include <capstan/registry.hpp>
#include <fmt/format.h>

#include "client/registry/rest.hpp"
#include "unit/client/transport/transport_fixture.hpp"

namespace capstan::client {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

class registry_test : public test::client_transport {
protected:
    /// Answers each connection's request with the next of these; with nothing, it closes.
    void answering(std::vector<std::string> answers) {
        auto next = std::make_shared<std::deque<std::string>>(answers.begin(), answers.end());
        auto serve_one = [this, next](test::tls_socket& wire) { return answer(wire, *next); };
        port = serve(over_tls(tls_of(ca.issue("hub", "IP:127.0.0.1")), serve_one));
    }
    asio::awaitable<void> answer(test::tls_socket& wire, std::deque<std::string>& answers) {
        std::string text;
        co_await asio::async_read_until(wire, asio::dynamic_buffer(text), "\r\n\r\n", asio::use_awaitable);
        asked.push_back(text);
        if (answers.empty())
            co_return;
        const auto out = std::move(answers.front());
        answers.pop_front();
        co_await asio::async_write(wire, asio::buffer(out), asio::use_awaitable);
    }

    client_options options() const {
        auto made = trusting();
        made.https_port(port).retry(retry_policy().first(1ms).most(2ms)).operation_time_out(5s);
        return made;
    }
    registry devices(const client_options& with) {
        return {loop.get_executor(), service_identity("HostName=127.0.0.1;SharedAccessKeyName=owner;SharedAccessKey=c2VjcmV0"), with};
    }
    /// The outcome of a get: the device's id, or the error's reason and words.
    std::string get(const client_options& with, const std::string& id = "dev1") {
        std::string outcome;
        devices(with).async_get(id, [&](std::exception_ptr error, const device& found) {
            outcome = error ? failure_of(error).what() : "device " + found.id();
            reason = error ? std::optional(failure_of(error).reason()) : std::nullopt;
        });
        run_until([&] { return !outcome.empty(); });
        return outcome;
    }
    static std::string http(std::string_view status, std::string_view body) {
        return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body);
    }

    std::uint16_t port = 0;
    std::vector<std::string> asked;
    std::optional<errc> reason;
};

TEST_F(registry_test, asks_as_the_service_sdks_do) {
    answering({http("200 OK", R"({"deviceId":"a b%"})")});
    EXPECT_EQ(get(options(), "a b%"), "device a b%");
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_THAT(asked[0], StartsWith("GET /devices/a%20b%25?api-version=2021-04-12 HTTP/1.1\r\nHost: 127.0.0.1:"));
    EXPECT_THAT(asked[0], HasSubstr("\r\nAuthorization: SharedAccessSignature sr=127.0.0.1&sig="));
    EXPECT_THAT(asked[0], HasSubstr("&skn=owner"));
}

TEST_F(registry_test, an_answer_without_a_length_ends_with_its_connection) {
    answering({"HTTP/1.1 200 OK\r\n\r\n{\"deviceId\":\"dev1\"}"});
    EXPECT_EQ(get(options()), "device dev1");
}

TEST_F(registry_test, an_answer_in_chunks) {
    answering({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"deviceI\r\n9\r\nd\":\"dev1\"\r\n1\r\n}\r\n0\r\n\r\n"});
    EXPECT_EQ(get(options()), "device dev1");
}

TEST_F(registry_test, reading_is_tried_again_when_that_may_help) {
    answering({http("503 Service Unavailable", "{}"), http("429 Too Many Requests", "{}"), "", http("200 OK", R"({"deviceId":"dev1"})")});
    EXPECT_EQ(get(options()), "device dev1");
    EXPECT_EQ(asked.size(), 4u);
}

TEST_F(registry_test, a_refusal_is_final) {
    answering({http("404 Not Found", R"({"Message":"ErrorCode:DeviceNotFound;not here","ExceptionMessage":"Tracking ID:x"})")});
    EXPECT_THAT(get(options()), HasSubstr("not here"));
    EXPECT_EQ(reason, errc::not_found);
    EXPECT_EQ(asked.size(), 1u);
}

TEST_F(registry_test, writing_is_not_repeated) {
    answering({http("503 Service Unavailable", "{}")});
    std::optional<errc> failed;
    devices(options()).async_create(device("dev1"), [&](std::exception_ptr error, const device&) { failed = failure_of(error).reason(); });
    run_until([&] { return failed.has_value(); });
    EXPECT_EQ(failed, errc::hub_unavailable);
    EXPECT_EQ(asked.size(), 1u);
    EXPECT_THAT(asked[0], StartsWith("PUT /devices/dev1?"));
    EXPECT_THAT(asked[0], testing::Not(HasSubstr("If-Match"))) << "only what is new";
}

TEST_F(registry_test, a_query_goes_on_where_its_page_ended_and_is_tried_again) {
    answering({http("503 Service Unavailable", "{}"),
               "HTTP/1.1 200 OK\r\nx-ms-continuation: 0:d1\r\nContent-Length: 18\r\n\r\n[{\"deviceId\":\"a\"}]", http("200 OK", "{}")});
    std::optional<query_page> page;
    devices(options()).async_query("SELECT * FROM devices", "0:c9", [&](std::exception_ptr error, query_page found) {
        EXPECT_FALSE(error);
        page = std::move(found);
    });
    run_until([&] { return page.has_value(); });
    EXPECT_THAT(page->rows, testing::ElementsAre(R"({"deviceId":"a"})"));
    EXPECT_EQ(page->continuation, "0:d1");
    ASSERT_EQ(asked.size(), 2u);
    EXPECT_THAT(asked[1], StartsWith("POST /devices/query?"));
    EXPECT_THAT(asked[1], HasSubstr("\r\nx-ms-continuation: 0:c9\r\n"));
    std::optional<errc> failed;
    devices(options()).async_query("q", {}, [&](std::exception_ptr error, const query_page&) { failed = failure_of(error).reason(); });
    run_until([&] { return failed.has_value(); });
    EXPECT_EQ(failed, errc::invalid_argument) << "an answer that is no list";
}

TEST_F(registry_test, what_is_no_hub_is_told_so) {
    answering({http("200 OK", "<html>")});
    EXPECT_THAT(get(options()), HasSubstr("not a hub"));
    EXPECT_EQ(asked.size(), 1u);
}

TEST_F(registry_test, a_server_that_says_nothing_is_given_up) {
    port = serve(over_tls(tls_of(ca.issue("hub", "IP:127.0.0.1")), [](test::tls_socket& wire) { return stay_silent(wire); }));
    auto impatient = options();
    impatient.operation_time_out(100ms);
    get(impatient);
    EXPECT_EQ(reason, errc::timed_out);
}

TEST_F(registry_test, nobody_listens) {
    port = refused_port();
    auto impatient = options();
    impatient.operation_time_out(50ms);
    get(impatient);
    EXPECT_EQ(reason, errc::connection_failed);
}

TEST_F(registry_test, a_request_is_taken_back) {
    port = serve(over_tls(tls_of(ca.issue("hub", "IP:127.0.0.1")), [](test::tls_socket& wire) { return stay_silent(wire); }));
    asio::cancellation_signal stop;
    std::optional<errc> failed;
    devices(options()).async_get("dev1", asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr error, const device&) {
                                     failed = failure_of(error).reason();
                                 }));
    loop.restart();
    loop.run_for(20ms);
    stop.emit(asio::cancellation_type::terminal);
    run_until([&] { return failed.has_value(); });
    EXPECT_EQ(failed, errc::canceled);
}

TEST(rest_failure, is_the_hubs_code_and_words) {
    struct row {
        int status;
        std::string body;
        errc reason;
        std::string condition, description;
    };
    const row rows[] = {
        {409, R"({"Message":"ErrorCode:DeviceAlreadyExists;there is one"})", errc::already_exists, "DeviceAlreadyExists", "there is one"},
        {412, R"({"Message":"ErrorCode:PreconditionFailed;etag"})", errc::precondition_failed, "PreconditionFailed", "etag"},
        {401, R"({"Message":"ErrorCode:IotHubUnauthorizedAccess;Unauthorized"})", errc::unauthorized, "IotHubUnauthorizedAccess",
         "Unauthorized"},
        {403, R"({"Message":"ErrorCode:IotHubQuotaExceeded;Total number of messages"})", errc::quota_exceeded, "IotHubQuotaExceeded",
         "Total number of messages"},
        {403, R"({"Message":"ErrorCode:TooManyDevices;no more"})", errc::quota_exceeded, "TooManyDevices", "no more"},
        {400, R"({"Message":"no code"})", errc::message_refused, "400", "no code"},
        {400, R"({"Message":"ErrorCode:ArgumentInvalid"})", errc::message_refused, "ArgumentInvalid", ""},
        {502, "<html>", errc::hub_unavailable, "502", ""},
        {500, R"({"Message":7})", errc::hub_unavailable, "500", ""},
        {500, "[]", errc::hub_unavailable, "500", ""},
    };
    for (const auto& each : rows) {
        const auto error = rest_failure(each.status, each.body);
        EXPECT_EQ(error.reason(), each.reason) << each.body;
        EXPECT_EQ(error.condition(), each.condition) << each.body;
        EXPECT_EQ(error.description(), each.description) << each.body;
    }
}

} // namespace
} // namespace capstan::client
