#include "load/transfer_template.hpp"

#include <capstan/amqp/message.hpp>
#include <capstan/amqp/performatives.hpp>
#include <gmock/gmock.h>

#include "load/frame_writing.hpp"

namespace capstan::load {
namespace {

struct read_back {
    amqp::transfer fields;
    bytes payload;
};

/// The frames of one delivery, joined.
read_back read(bytes_view frames, std::uint32_t max_frame_size, std::size_t expected_frames = 1) {
    read_back result;
    std::size_t count = 0;
    for (; !frames.empty(); ++count) {
        const auto size = wire::load<std::uint32_t>(frames.data());
        EXPECT_LE(size, max_frame_size);
        amqp::decoder from(frames.subspan(8, size - 8));
        std::optional<std::uint64_t> code;
        std::string_view name;
        EXPECT_TRUE(from.enter_described() && from.read_descriptor(code, name));
        EXPECT_EQ(code, amqp::transfer::code);
        const auto fields = amqp::read_fields<amqp::transfer>(from);
        EXPECT_TRUE(fields.has_value());
        result.fields = *fields;
        result.payload.insert(result.payload.end(), from.rest().begin(), from.rest().end());
        frames = frames.subspan(size);
        EXPECT_EQ(fields->more, !frames.empty());
    }
    EXPECT_EQ(count, expected_frames);
    return result;
}

message_shape shape_of(std::size_t size) {
    message_shape shape;
    shape.body_size = size;
    return shape;
}

TEST(TransferTemplate, StampsWhatIsOfEachDelivery) {
    auto shape = shape_of(256);
    shape.durable = true;
    const transfer_template made(shape, false);
    bytes out;
    made.stamp(out, 7, 0x01020304, 42);
    const auto got = read(out, 65'536);
    EXPECT_EQ(got.fields.handle, 7u);
    EXPECT_EQ(got.fields.delivery_id, 0x01020304u);
    EXPECT_THAT(*got.fields.delivery_tag, testing::ElementsAre(1, 2, 3, 4));
    EXPECT_EQ(got.fields.settled, false);
    EXPECT_EQ(got.fields.message_format, 0u);
    const auto message = amqp::message_view::parse(got.payload);
    ASSERT_TRUE(message.has_value());
    EXPECT_TRUE(amqp::read_header(message->header().content)->durable);
    EXPECT_EQ(message->body_size(), 256u);
    EXPECT_EQ(time_in_body(got.payload, 256), 42);
}

TEST(TransferTemplate, SaysWhatCommandsNeed) {
    auto shape = shape_of(20);
    shape.to = "/devices/a/messages/devicebound", shape.ack = "positive";
    const transfer_template made(shape, true);
    bytes out;
    made.stamp(out, 0, 0, 1);
    const auto got = read(out, 65'536);
    EXPECT_EQ(got.fields.settled, true);
    const auto message = amqp::message_view::parse(got.payload);
    EXPECT_EQ(amqp::read_properties(message->properties().content)->to, shape.to);
    EXPECT_TRUE(amqp::find_entry(message->application_properties().content, "iothub-ack"));
}

TEST(TransferTemplate, PutsManyMessagesIntoABatch) {
    auto shape = shape_of(100);
    shape.batch = 50;
    const transfer_template made(shape, false);
    EXPECT_EQ(made.messages(), 50u);
    bytes out;
    made.stamp(out, 0, 0, 99);
    const auto got = read(out, 65'536);
    EXPECT_EQ(got.fields.message_format, amqp::batched_message_format);
    const auto batch = amqp::message_view::parse(got.payload);
    std::size_t count = 0;
    for (const auto one : batch->data()) {
        EXPECT_EQ(time_in_body(one, 100), 99);
        ++count;
    }
    EXPECT_EQ(count, 50u);
}

/// Whole or in parts of any size, the same message: also where a part ends inside its time.
TEST(TransferTemplate, IsTheSameInManyFrames) {
    const transfer_template made(shape_of(3000), false);
    bytes whole;
    made.stamp(whole, 3, 9, 0x1122334455667788);
    const auto expected = read(whole, 65'536).payload;
    for (const std::uint32_t max_frame_size : {512u, 600u, 1024u, 3000u}) {
        bytes parts;
        std::size_t offset = 0;
        while (offset < made.size())
            offset = made.stamp_part(parts, 3, 9, 0x1122334455667788, offset, max_frame_size);
        EXPECT_EQ(read(parts, max_frame_size, made.frames(max_frame_size)).payload, expected);
    }
    for (std::uint32_t part = 1; part < 40; ++part) {
        bytes parts;
        std::size_t offset = 0;
        while (offset < made.size())
            offset = made.stamp_part(parts, 3, 9, 0x1122334455667788, offset, transfer_template::head + part);
        EXPECT_EQ(read(parts, transfer_template::head + part, (made.size() + part - 1) / part).payload, expected);
    }
}

TEST(TransferTemplate, HasNoTimeInABodyThatIsTooSmall) {
    const transfer_template made(shape_of(stamped_size - 1), false);
    bytes out;
    made.stamp(out, 0, 0, 1);
    EXPECT_EQ(time_in_body(out, stamped_size - 1), 0);
}

} // namespace
} // namespace capstan::load
