// Small pure things: times, tokens' renewal, messages on the wire.

#include <gtest/gtest.h>

#include "client/credentials.hpp"
#include "client/iso_time.hpp"
#include "client/message_codec.hpp"

namespace capstan::client {
namespace {

using namespace std::chrono_literals;

TEST(iso_time, as_hubs_write_it) {
    const std::pair<std::string_view, std::int64_t> rows[] = {
        {"2015-10-29T07:59:00.9772497Z", 1446105540977}, {"2015-10-29T07:59:00Z", 1446105540000},   {"2015-10-29T07:59:00", 1446105540000},
        {"2016-06-01T21:22:41+00:00", 1464816161000},    {"2015-10-29T07:59:00.5Z", 1446105540500}, {"1970-01-01T00:00:00.001Z", 1},
    };
    for (const auto& [text, milliseconds] : rows) {
        ASSERT_TRUE(parse_iso_time(text)) << text;
        EXPECT_EQ(parse_iso_time(text)->time_since_epoch().count(), milliseconds) << text;
    }
    for (const auto* text :
         {"", "2015-10-29", "2015-13-29T07:59:00Z", "2015-02-30T07:59:00Z", "2015-10-29T24:59:00Z", "2015-10-29T07:59:00+01:00",
          "2015-10-29T07:59:00.", "2015-10-29X07:59:00Z", "-015-10-29T07:59:00Z", "2015-10-29T07:59:0"})
        EXPECT_FALSE(parse_iso_time(text)) << text;
}

TEST(tokens, are_renewed_at_85_percent) {
    const auto now = std::chrono::sys_seconds(std::chrono::seconds(1'700'000'000));
    const auto token = [](std::int64_t expiry) {
        return "SharedAccessSignature sr=h&sig=" + std::string(43, 'A') + "%3D&se=" + std::to_string(expiry);
    };
    EXPECT_EQ(renew_after(token(1'700'001'000), now, 1h), 850s);
    EXPECT_EQ(renew_after("what a vault gave", now, 1000s), 850s);
    EXPECT_EQ(renew_after(token(1'600'000'000), now, 1h), 100ms) << "not at once, for ever";
    EXPECT_LE(renew_after(token(253'402'300'799), now, 1h), 24h * 20) << "a timer's range";
}

TEST(messages, are_what_they_were_after_a_journey) {
    auto sent = message("body").message_id("m1").correlation_id("c1").content_type("application/json").content_encoding("utf-8");
    sent.user_id("me").property("a", "1").property("b", "2").expires_at(wall_clock_time(1234567ms)).feedback(feedback_wanted::negative);
    sent.to("/devices/d/messages/devicebound").subject("s").reply_to("r").creation_time(wall_clock_time(7654321ms));
    sent.group_id("g").group_sequence(4'000'000'000).reply_to_group_id("rg");
    const auto raw = encode(sent);
    const auto view = amqp::message_view::parse(raw);
    ASSERT_TRUE(view);
    const auto got = decode(*view);
    EXPECT_EQ(got.to(), "/devices/d/messages/devicebound");
    EXPECT_EQ(got.subject(), "s");
    EXPECT_EQ(got.reply_to(), "r");
    EXPECT_EQ(got.creation_time(), wall_clock_time(7654321ms));
    EXPECT_EQ(got.group_id(), "g");
    EXPECT_EQ(got.group_sequence(), 4'000'000'000u);
    EXPECT_EQ(got.reply_to_group_id(), "rg");
    EXPECT_EQ(got.body(), "body");
    EXPECT_EQ(got.message_id(), "m1");
    EXPECT_EQ(got.correlation_id(), "c1");
    EXPECT_EQ(got.content_type(), "application/json");
    EXPECT_EQ(got.content_encoding(), "utf-8");
    EXPECT_EQ(got.user_id(), "me");
    EXPECT_EQ(got.expires_at(), sent.expires_at());
    EXPECT_EQ(got.property("a"), "1");
    EXPECT_EQ(got.property("b"), "2");
    EXPECT_EQ(got.property("iothub-ack"), "negative");
}

/// Bodies that others send: what is no data is read as text.
TEST(messages, of_values_and_sequences) {
    const auto body_of = [](auto write) {
        amqp::bytes raw;
        amqp::message_builder out(raw);
        write(out);
        return std::string(decode(*amqp::message_view::parse(raw)).body());
    };
    EXPECT_EQ(body_of([](auto& out) { out.value(amqp::value(std::int32_t{7})); }), "7");
    EXPECT_EQ(body_of([](auto& out) { out.value(amqp::value("text")); }), "text");
    amqp::list numbers;
    numbers.elements.emplace_back(std::int32_t{7});
    EXPECT_EQ(body_of([&](auto& out) { out.sequence(numbers).sequence(numbers); }), "[7][7]");
}

TEST(messages, without_an_id_get_one) {
    const auto first = encode(message("x")), second = encode(message("x"));
    EXPECT_NE(first, second);
    const auto got = decode(*amqp::message_view::parse(first));
    EXPECT_EQ(got.message_id().size(), 36u);
    EXPECT_EQ(got.to() + got.subject() + got.reply_to() + got.group_id(), "") << "what was not set is not there";
    EXPECT_FALSE(got.creation_time() || got.group_sequence());
}

TEST(messages, in_a_batch) {
    const auto raw = encode_batch({message("one"), message("two").property("n", "2")});
    std::vector<message> found;
    const auto batch = amqp::message_view::parse(raw);
    ASSERT_TRUE(batch && amqp::for_each_batched(*batch, [&](const amqp::message_view& each) { found.push_back(decode(each)); }));
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].body(), "one");
    EXPECT_EQ(found[1].property("n"), "2");
}

} // namespace
} // namespace capstan::client
