// Messages that the hub cannot take now, will not take, or has no room for here; and operations that are taken back.

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/detached.hpp>

#include <capstan/device_client.hpp>
#include <capstan/service_client.hpp>

#include "unit/client/scripted_hub.hpp"

namespace capstan::client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

using outcome = std::optional<amqp::delivery_state>;
outcome rejected(std::string_view condition) { return amqp::delivery_state::rejected(amqp::error(condition, "not now")); }

class sends : public test::scripted_hub_test {
protected:
    device_client device(const client_options& with) {
        device_client made(loop.get_executor(), device_string(), with);
        made.async_run(asio::detached);
        return made;
    }
    static void send(device_client& from, const std::string& text, test::ending<>& into) { from.async_send(message(text), into.handler()); }
    template<class Ending> void take_back(Ending& which) {
        stop.emit(asio::cancellation_type::terminal);
        run_until([&] { return which.done(); });
        EXPECT_EQ(which.reason(), errc::canceled);
    }
    asio::cancellation_signal stop;
};

TEST_F(sends, what_a_busy_hub_gives_back_is_sent_again) {
    const std::vector<outcome> first{rejected("com.microsoft:server-busy"), rejected("amqp:internal-error"),
                                     rejected("com.microsoft:timeout"), rejected("com.microsoft:device-container-throttled"),
                                     amqp::delivery_state::released()};
    hub->on_message = [&](int number) {
        const auto index = static_cast<std::size_t>(number - 1);
        return index < first.size() ? first[index] : amqp::delivery_state::accepted();
    };
    auto talker = device(options());
    test::ending<> sent;
    send(talker, "a", sent);
    run_until([&] { return sent.done(); });
    EXPECT_TRUE(sent.ok());
    EXPECT_THAT(hub->messages, ElementsAre("a", "a", "a", "a", "a", "a"));
    EXPECT_THAT(hub->message_ids.front(), testing::Not(testing::IsEmpty()));
    EXPECT_THAT(hub->message_ids, testing::Each(hub->message_ids.front())) << "so that who reads knows them for one";
}

/// Those behind it wait with it, once we know.
TEST_F(sends, a_busy_hub_is_given_a_rest) {
    hub->on_message = [](int number) { return number == 1 ? rejected("com.microsoft:server-busy") : amqp::delivery_state::accepted(); };
    auto talker = device(options());
    test::ending<> first, second;
    send(talker, "a", first);
    run_until([&] { return hub->messages.size() == 1; });
    send(talker, "b", second);
    run_until([&] { return first.done() && second.done(); });
    EXPECT_TRUE(first.ok() && second.ok());
    EXPECT_THAT(hub->messages, testing::UnorderedElementsAre("a", "a", "b"));
}

TEST_F(sends, a_hub_that_stays_busy_is_the_reason_in_the_end) {
    hub->on_message = [](int) { return rejected("com.microsoft:server-busy"); };
    auto hasty = options();
    hasty.operation_time_out(50ms).retry(retry_policy().first(1h).most(1h).jitter(0));
    auto talker = device(hasty);
    test::ending<> sent;
    send(talker, "a", sent);
    run_until([&] { return sent.done(); });
    EXPECT_EQ(sent.reason(), errc::throttled);
    EXPECT_EQ(sent.failure()->condition(), "com.microsoft:server-busy");
}

TEST_F(sends, a_full_queue_and_a_bad_message_are_for_good) {
    hub->on_message = [](int number) { return rejected(number == 1 ? "amqp:resource-limit-exceeded" : "amqp:not-allowed"); };
    auto talker = device(options());
    test::ending<> full, bad;
    send(talker, "a", full);
    send(talker, "b", bad);
    run_until([&] { return full.done() && bad.done(); });
    EXPECT_EQ(full.reason(), errc::quota_exceeded);
    EXPECT_EQ(bad.reason(), errc::message_refused);
}

TEST_F(sends, no_answer_is_a_time_out) {
    hub->on_message = [](int) { return outcome(); };
    auto hasty = options();
    hasty.operation_time_out(50ms);
    auto talker = device(hasty);
    test::ending<> sent;
    send(talker, "a", sent);
    run_until([&] { return sent.done(); });
    EXPECT_EQ(sent.reason(), errc::timed_out);
}

TEST_F(sends, more_than_the_queue_holds_are_refused_here) {
    auto with = options();
    device_client by_count(loop.get_executor(), device_string(), with.max_queued_sends(2));
    device_client by_size(loop.get_executor(), device_string(), with.max_queued_sends(1000).max_queued_bytes(1000));
    test::ending<> count[3], size[3];
    for (auto& each : count)
        send(by_count, "x", each);
    for (auto& each : size)
        send(by_size, std::string(400, 'x'), each);
    run_until([&] { return count[2].done() && size[2].done(); });
    EXPECT_EQ(count[2].reason(), errc::send_queue_full);
    EXPECT_EQ(size[2].reason(), errc::send_queue_full);
    by_count.async_run(asio::detached);
    run_until([&] { return count[1].ok(); });
    by_count.async_send(message("again"), count[2].handler());
    run_until([&] { return count[2].ok(); });
    by_size.close();
    run_until([&] { return size[1].done(); });
    EXPECT_EQ(size[1].reason(), errc::closed);
}

TEST_F(sends, a_send_is_taken_back) {
    hub->on_message = [](int) { return outcome(); };
    auto talker = device(options());
    test::ending<> sent;
    talker.async_send(message("a"), asio::bind_cancellation_slot(stop.slot(), sent.handler()));
    run_until([&] { return hub->messages.size() == 1; });
    take_back(sent);
}

TEST_F(sends, a_run_is_taken_back_and_with_it_all_else) {
    device_client talker(loop.get_executor(), device_string(), options());
    test::ending<> over;
    test::ending<command> received;
    talker.async_run(asio::bind_cancellation_slot(stop.slot(), over.handler()));
    talker.async_receive(received.handler());
    run_until([&] { return hub->links.size() == 1; });
    take_back(over);
    run_until([&] { return received.done(); });
    EXPECT_EQ(received.reason(), errc::canceled);
}

TEST_F(sends, a_device_on_a_shared_connection_is_taken_back_alone) {
    device_connection shared(loop.get_executor(), hub->address(), options());
    device_client one(shared, device_string()), other(shared, device_identity::by_key(hub->address(), "e", "c2VjcmV0"));
    test::ending<> over, connection_over;
    shared.async_run(connection_over.handler());
    one.async_run(asio::bind_cancellation_slot(stop.slot(), over.handler()));
    run_until([&] { return hub->tokens == 2; });
    take_back(over);
    test::ending<> sent;
    send(other, "a", sent);
    run_until([&] { return sent.done(); });
    EXPECT_TRUE(sent.ok());
    EXPECT_FALSE(connection_over.done());
}

TEST_F(sends, a_silent_hub_is_a_lost_connection) {
    auto impatient = options();
    impatient.idle_time_out(50ms);
    device_client talker(loop.get_executor(), device_string(), impatient);
    std::optional<client_error> why;
    talker.on_connection_changed([&](const connection_change& change) {
        if (change.state() == connection_state::connected)
            hub->silent = true;
        if (change.state() == connection_state::waiting && !why)
            why = change.why();
    });
    talker.async_run(asio::detached);
    run_until([&] { return why.has_value(); });
    EXPECT_EQ(why->reason(), errc::connection_lost);
    hub->silent = false;
}

class services : public sends {
protected:
    services() { service.async_run(asio::detached); }
    void TearDown() override {
        service.close();
        sends::TearDown();
    }
    static constexpr const char* feedback = "/messages/serviceBound/feedback";

    service_client service{loop.get_executor(), service_string(), options()};
};

TEST_F(services, feedback_is_asked_for_only_while_it_is_wanted) {
    test::ending<feedback_record> confirmed;
    auto open = message("open").message_id("m1");
    service.async_send_and_confirm("d", std::move(open), confirmed.handler());
    run_until([&] { return hub->credit_at(feedback).value_or(0) > 0 && hub->messages.size() == 1; });
    hub->give_text(feedback, R"([{"originalMessageId":"m1","deviceId":"d","statusCode":"Success"}])");
    run_until([&] { return confirmed.done(); });
    EXPECT_EQ(confirmed.value().status, delivery_status::success);
    run_until([&] { return hub->credit_at(feedback) == 0u; });

    test::ending<feedback_batch> batch;
    service.async_receive_feedback(asio::bind_cancellation_slot(stop.slot(), batch.handler()));
    run_until([&] { return hub->credit_at(feedback).value_or(0) > 0; });
    take_back(batch);
    run_until([&] { return hub->credit_at(feedback) == 0u; });
}

TEST_F(services, a_confirmation_is_taken_back) {
    test::ending<feedback_record> confirmed;
    service.async_send_and_confirm("d", message("open"), asio::bind_cancellation_slot(stop.slot(), confirmed.handler()));
    run_until([&] { return hub->messages.size() == 1; });
    take_back(confirmed);
}

TEST_F(services, a_command_that_expires_says_so) {
    test::ending<feedback_record> confirmed;
    service.async_send_and_confirm("d", message("open").message_id("m1"), confirmed.handler());
    run_until([&] { return hub->credit_at(feedback).value_or(0) > 0; });
    hub->give_text(feedback, R"([{"originalMessageId":"m1","statusCode":"Expired","enqueuedTimeUtc":"2015-10-29T07:59:00Z"}])");
    run_until([&] { return confirmed.done(); });
    EXPECT_EQ(confirmed.value().status, delivery_status::expired);
    EXPECT_EQ(confirmed.value().time.time_since_epoch(), 1446105540000ms);
}

/// contract/iothub-amqp.md, section 7.2.
TEST_F(services, files_are_told_of) {
    constexpr const char* files = "/messages/serviceBound/filenotifications";
    test::ending<file_notification> first, refused;
    service.async_receive_file_notification(first.handler());
    run_until([&] { return hub->credit_at(files).value_or(0) > 0; });
    hub->give_text(files, R"({"deviceId":"mydevice","blobUri":"https://store/c/mydevice/image.jpg","blobName":"mydevice/image.jpg",)"
                          R"("lastUpdatedTime":"2016-06-01T21:22:41+00:00","blobSizeInBytes":1234,)"
                          R"("enqueuedTimeUtc":"2016-06-01T21:22:43.7996883Z"})");
    run_until([&] { return first.done(); });
    const auto& file = first.value();
    EXPECT_EQ(file.device_id, "mydevice");
    EXPECT_EQ(file.blob_uri, "https://store/c/mydevice/image.jpg");
    EXPECT_EQ(file.blob_name, "mydevice/image.jpg");
    EXPECT_EQ(file.blob_size, 1234u);
    EXPECT_EQ(file.last_updated.time_since_epoch(), 1464816161000ms);
    EXPECT_EQ(file.enqueued_time.time_since_epoch(), 1464816163799ms);

    hub->on_link = [](const std::string& address) { return address == files ? amqp::error("amqp:not-found", "none") : amqp::error(); };
    hub->detach(files, amqp::error("amqp:not-found", "none"));
    service.async_receive_file_notification(refused.handler());
    run_until([&] { return refused.done(); });
    EXPECT_EQ(refused.reason(), errc::not_found);
}

} // namespace
} // namespace capstan::client
