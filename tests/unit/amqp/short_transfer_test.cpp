// The short way to read and write a transfer gives what the long way gives, which the same fields take in a wide list.
#include "amqp/short_transfer.hpp"

#include <gtest/gtest.h>

namespace capstan::amqp::test {
namespace {

using fields = std::vector<std::vector<std::uint8_t>>;

bytes wide_list(const fields& all) {
    bytes body;
    for (const auto& each : all)
        body.insert(body.end(), each.begin(), each.end());
    const auto size = static_cast<std::uint8_t>(body.size() + 4);
    bytes list{0xd0, 0, 0, 0, size, 0, 0, 0, static_cast<std::uint8_t>(all.size())};
    list.insert(list.end(), body.begin(), body.end());
    return list;
}

bytes short_list(const fields& all) {
    bytes list{0xc0, 1, static_cast<std::uint8_t>(all.size())};
    for (const auto& each : all)
        list.insert(list.end(), each.begin(), each.end());
    list[1] = static_cast<std::uint8_t>(list.size() - 2);
    return list;
}

auto all_of(const transfer& what) {
    const auto text = [](const auto& view) { return view ? std::optional(bytes(view->begin(), view->end())) : std::nullopt; };
    return std::tuple(what.handle, what.delivery_id, text(what.delivery_tag), what.message_format, what.settled, what.more,
                      what.rcv_settle_mode, bytes(what.state.raw.begin(), what.state.raw.end()), what.resume, what.aborted, what.batchable);
}

const std::vector<std::uint8_t> null{0x40}, yes{0x41}, no{0x42}, zero{0x43}, seven{0x52, 7}, wide{0x70, 1, 2, 3, 4}, tag{0xa0, 2, 8, 9};

TEST(short_transfer, is_read_like_a_long_one) {
    const fields whole{seven, wide, tag, zero, no, no, null, null, no, no, yes};
    for (std::size_t count = 1; count <= whole.size(); ++count) {
        for (const auto& instead : {null, yes, no, zero, seven, wide, tag}) {
            fields some(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(count));
            some.back() = instead;
            const bytes near = short_list(some), far = wide_list(some);
            decoder from_near(near), from_far(far);
            ASSERT_FALSE(read_short_transfer(from_far));
            const auto one = read_fields<transfer>(from_near), other = read_fields<transfer>(from_far);
            ASSERT_EQ(one.has_value(), other.has_value()) << count;
            if (one) {
                EXPECT_EQ(all_of(*one), all_of(*other)) << count;
                EXPECT_TRUE(from_near.at_end());
            }
        }
    }
}

TEST(short_transfer, leaves_what_is_cut_to_the_long_way) {
    const bytes whole = short_list({seven, wide, tag, zero, no, no});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        decoder from(bytes_view(whole).first(size));
        EXPECT_FALSE(read_short_transfer(from)) << size;
        EXPECT_EQ(from.rest().size(), size);
    }
    bytes longer = whole; // a field more than it has bytes for
    ++longer[2];
    decoder from(longer);
    EXPECT_FALSE(read_short_transfer(from));
}

TEST(short_transfer, is_written_as_field_by_field) {
    const bytes longest(32, 7);
    for (const std::optional<std::uint32_t> number : {std::optional<std::uint32_t>(), {0u}, {255u}, {256u}, {0xffffffffu}}) {
        transfer what;
        what.handle = number.value_or(3);
        what.delivery_id = what.message_format = number;
        what.delivery_tag = bytes_view(longest);
        what.settled = number ? std::optional(*number > 255) : std::nullopt;
        what.more = number == 0u;
        bytes quick, slow;
        encoder to(quick), field_by_field(slow);
        ASSERT_TRUE(write_short_transfer(to, what));
        field_by_field.descriptor(transfer::code);
        const auto list = field_by_field.begin_list();
        const auto write = [&](const auto& field) { field ? field_by_field.write(*field) : field_by_field.null(); };
        field_by_field.write(what.handle);
        write(what.delivery_id), write(what.delivery_tag), write(what.message_format), write(what.settled);
        field_by_field.write(what.more);
        field_by_field.null(), field_by_field.null();
        for (int each = 0; each < 3; ++each)
            field_by_field.write(false);
        field_by_field.end(list, 11);
        EXPECT_EQ(quick, slow);
    }
}

TEST(short_transfer, does_not_write_what_it_has_no_room_for) {
    const bytes tag(33, 7);
    transfer what;
    what.delivery_tag = bytes_view(tag);
    bytes out;
    encoder to(out);
    EXPECT_FALSE(write_short_transfer(to, what));
    EXPECT_TRUE(out.empty());
}

} // namespace
} // namespace capstan::amqp::test
