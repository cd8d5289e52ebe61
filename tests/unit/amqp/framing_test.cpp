// Frames found in bytes, and bytes waiting to be written.
#include "amqp/framing.hpp"

#include <gtest/gtest.h>

#include "amqp/output_queue.hpp"
#include "unit/amqp/codec/rows.hpp"

namespace capstan::amqp::test {
namespace {

using shape = frame_result::shape;

struct frame_row {
    std::string_view name, hex;
    shape what;
    std::size_t size = 0, body = 0;
    std::uint16_t channel = 0;
};
const frame_row frame_rows[] = {
    {"nothing", "", shape::incomplete, 8},
    {"half a header", "00000008", shape::incomplete, 8},
    {"an empty frame", "00000008 02000000", shape::whole, 8},
    {"a frame and more", "00000009 02000102 45 00", shape::whole, 9, 1, 0x0102},
    {"a SASL frame", "00000009 02010000 45", shape::whole, 9, 1},
    {"a body that is missing", "00000009 02000000", shape::incomplete, 9},
    {"an extended header", "0000000d 03000000 ffffffff 45", shape::whole, 13, 1},
    {"nothing but an extended header", "0000000c 03000000 ffffffff", shape::whole, 12},
    {"the largest frame, of which nothing is there", "00000200 02000000", shape::incomplete, 512},
    {"one byte more", "00000201 02000000", shape::malformed},
    {"four gigabytes", "ffffffff 02000000", shape::malformed},
    {"less than a header", "00000007 02000000", shape::malformed},
    {"no data offset", "00000008 00000000", shape::malformed},
    {"a data offset inside the header", "00000008 01000000", shape::malformed},
    {"a data offset behind the end", "00000008 03000000", shape::malformed},
    {"an unknown type", "00000008 02020000", shape::malformed},
};

TEST(Framing, FindsFrames) {
    for (const auto& row : frame_rows) {
        SCOPED_TRACE(row.name);
        const auto input = from_hex(row.hex);
        const auto found = next_frame(input, 512);
        ASSERT_EQ(found.what, row.what);
        EXPECT_EQ(found.size, row.size);
        EXPECT_EQ(found.found.body.size(), row.body);
        EXPECT_EQ(found.found.channel, row.channel);
        EXPECT_EQ(*found.problem != '\0', row.what == shape::malformed);
    }
}

TEST(Framing, WritesFrames) {
    bytes out{0xff};
    const auto start = begin_frame(out, frame_type::sasl, 0x0102);
    out.push_back(0x45);
    finish_frame(out, start);
    EXPECT_EQ(out, from_hex("ff 00000009 02010102 45"));
}

// --- the output

void write(output_queue& queue, std::string_view what) { queue.tail().insert(queue.tail().end(), what.begin(), what.end()); }

std::string next(const output_queue& queue) { return std::string(as_text(queue.next())); }

TEST(OutputQueue, GivesWhatWasWritten) {
    output_queue queue;
    EXPECT_TRUE(queue.empty());
    write(queue, "abc");
    queue.sent(1);
    write(queue, "def");
    EXPECT_EQ(next(queue), "bcdef");
    EXPECT_EQ(queue.size(), 5u);
    queue.sent(5);
    EXPECT_TRUE(queue.empty());
}

TEST(OutputQueue, EndsAWriteWhereItIsTold) {
    output_queue queue;
    queue.end_write(); // there is nothing to end
    write(queue, "ab");
    queue.end_write();
    queue.end_write();
    write(queue, "cd");
    queue.end_write();
    EXPECT_EQ(next(queue), "ab");
    EXPECT_EQ(queue.size(), 4u);
    queue.sent(1);
    EXPECT_EQ(next(queue), "b");
    queue.sent(1);
    EXPECT_EQ(next(queue), "cd");
    queue.sent(2);
    EXPECT_TRUE(queue.empty());
    write(queue, "ef");
    EXPECT_EQ(next(queue), "ef");
}

TEST(OutputQueue, LosesNothingWhenItMoves) {
    output_queue queue;
    const std::string large(200'000, 'x');
    write(queue, large);
    queue.end_write();
    write(queue, "end");
    for (int count = 0; count < 199; ++count) {
        EXPECT_LE(queue.next().size(), large.size());
        queue.sent(1'000);
    }
    EXPECT_EQ(next(queue), std::string(1'000, 'x'));
    queue.sent(1'000);
    EXPECT_EQ(next(queue), "end");
    queue.clear();
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(next(queue), "");
}

} // namespace
} // namespace capstan::amqp::test
