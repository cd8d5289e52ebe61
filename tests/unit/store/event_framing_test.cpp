#include "store/event_framing.hpp"

#include "store/block_builder.hpp"
#include "store/encoding.hpp"

namespace capstan::store {
namespace {

using testing::ElementsAre;

bytes of(std::initializer_list<int> values) {
    bytes out;
    for (const int value : values)
        out.push_back(static_cast<std::uint8_t>(value));
    return out;
}

TEST(event_framing, the_worked_example_of_the_format_page) {
    event_batch batch;
    const bytes key_and_value = of({0xa3, 0x01, 'k', 0xa1, 0x01, 'v'});
    const bytes properties = of({0x00, 0x53, 0x73, 0x45});
    const bytes body = of({0x00, 0x53, 0x75, 0xa0, 0x02, 'h', 'i'});
    const bytes_view pieces[] = {properties, body};
    const bytes shared = of({0xa3, 0x01, 's', 0xa1, 0x01, 'w'});
    batch.stamp(1, shared);
    batch.add(1, key_and_value, pieces);
    batch.add(0, {}, {});
    const bytes expected = of({0x03, 0x06, 0xa3, 0x01, 's',  0xa1, 0x01, 'w',  0x02, 0x06, 0x0b, 0xa3, 0x01, 'k',  0xa1, 0x01,
                               'v',  0x00, 0x53, 0x73, 0x45, 0x00, 0x53, 0x75, 0xa0, 0x02, 'h',  'i',  0x00, 0x00, 0x00});
    EXPECT_EQ(batch.count(), 2u);
    EXPECT_TRUE(std::ranges::equal(batch.framed(), expected));
    EXPECT_EQ(batch.framed_stamp().size(), 8u);
    EXPECT_EQ(batch.framed_events().data(), batch.framed().data() + 8);
}

TEST(event_framing, what_is_framed_is_walked_over) {
    event_batch batch;
    const std::string long_text(300, 'x');
    const bytes_view pieces[] = {as_bytes("head "), as_bytes(long_text)};
    batch.add(1, as_bytes("KV"), pieces);
    batch.add(2, as_bytes("kvkv"), {pieces, 1});
    framed_events events(batch.framed());
    const auto first = events.next();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->pair_count, 1u);
    EXPECT_EQ(as_text(first->annotations), "KV");
    EXPECT_EQ(as_text(first->message), "head " + long_text);
    EXPECT_FALSE(events.at_end());
    const auto second = events.next();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->pair_count, 2u);
    EXPECT_EQ(as_text(second->message), "head ");
    EXPECT_TRUE(events.at_end());
    EXPECT_FALSE(events.next());
}

TEST(event_framing, a_stamp_holds_for_its_batch_and_no_other) {
    event_batch stamped, plain;
    const bytes_view message = as_bytes("m");
    stamped.stamp(2, as_bytes("abcd"));
    stamped.add(1, as_bytes("KV"), {&message, 1});
    stamped.add(0, {}, {&message, 1});
    plain.add(0, {}, {&message, 1});
    bytes both(stamped.framed().begin(), stamped.framed().end());
    append(both, plain.framed());
    std::vector<std::pair<std::string, std::uint32_t>> found;
    for (framed_events events(both); const auto event = events.next();)
        found.emplace_back(as_text(event->stamp), event->pair_count);
    EXPECT_THAT(found, ElementsAre(std::pair("abcd", 3u), std::pair("abcd", 2u), std::pair("", 0u)));
}

struct damaged {
    const char* name;
    bytes framed;
};

TEST(event_framing, what_is_no_event_ends_the_walk) {
    const damaged rows[] = {
        {"nothing", {}},
        {"one varint", of({0x00})},
        {"two varints", of({0x00, 0x00})},
        {"annotations cut", of({0x02, 0x02, 0x00, 'k'})},
        {"message cut", of({0x00, 0x00, 0x02, 'm'})},
        {"varint without an end", of({0x80, 0x80, 0x80})},
        {"varint of 11 bytes", of({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0x00, 0x00})},
        {"varint of 65 bits", of({0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02})},
        {"size of 2^64 - 1", of({0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x00})},
        {"sizes whose sum wraps around", of({0x00, 0x02, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 'k', 'v'})},
        {"more pairs than bytes for them", of({0x04, 0x02, 0x00, 'k', 'v'})},
        {"pairs but no annotations", of({0x02, 0x00, 0x00})},
        {"a stamp and no event", of({0x03, 0x02, 'k', 'v'})},
        {"a stamp cut", of({0x03, 0x02, 'k'})},
        {"a stamp with more pairs than bytes for them", of({0x05, 0x02, 'k', 'v', 0x00, 0x00, 0x00})},
    };
    for (const damaged& row : rows) {
        framed_events events(row.framed);
        EXPECT_FALSE(events.next()) << row.name;
    }
}

TEST(event_framing, every_cut_and_every_changed_byte_is_survived) {
    event_batch batch;
    const bytes_view message = as_bytes("message");
    for (std::uint32_t i = 0; i < 3; ++i)
        batch.add(i, as_bytes("kvkv"), {&message, 1});
    const bytes whole(batch.framed().begin(), batch.framed().end());
    const auto walk = [](bytes_view framed) {
        framed_events events(framed);
        std::size_t count = 0;
        while (events.next())
            ++count;
        return count;
    };
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)); // of its own: the sanitizer guards its end
        EXPECT_LT(walk(cut), 3u);
    }
    for (std::size_t at = 0; at < whole.size(); ++at)
        for (int value = 0; value < 256; ++value) {
            bytes changed = whole;
            changed[at] = static_cast<std::uint8_t>(value);
            walk(changed);
        }
}

TEST(encoding, varints_of_all_sizes_come_back) {
    for (unsigned bits = 0; bits <= 64; ++bits)
        for (const std::uint64_t value :
             {bits == 64 ? ~std::uint64_t{0} : std::uint64_t{1} << bits, (std::uint64_t{1} << (bits % 64)) - 1}) {
            bytes out;
            put_varint(out, value);
            EXPECT_LE(out.size(), 10u);
            bytes_reader in(out);
            EXPECT_EQ(in.varint(), value);
            EXPECT_TRUE(in.ok());
            EXPECT_EQ(in.remaining(), 0u);
        }
}

TEST(encoding, after_a_failure_everything_is_empty) {
    const bytes raw = of({1, 2, 3, 4, 5});
    bytes_reader in(raw);
    EXPECT_EQ(in.fixed<std::uint16_t>(), 0x0102u);
    EXPECT_EQ(in.fixed<std::uint64_t>(), 0u);
    EXPECT_FALSE(in.ok());
    EXPECT_EQ(in.fixed<std::uint8_t>(), 0u);
    EXPECT_EQ(in.varint(), 0u);
    EXPECT_EQ(in.text(), "");
    EXPECT_TRUE(in.take(0).empty());
}

TEST(block_builder, keeps_what_lies_before_damage) {
    event_batch batch;
    const bytes_view message = as_bytes("m");
    batch.add(0, {}, {&message, 1});
    batch.add(0, {}, {&message, 1});
    auto framed = std::make_shared<bytes>(batch.framed().begin(), batch.framed().end());
    framed->pop_back();
    block_builder block(0, {10, 1000});
    EXPECT_FALSE(block.add({7, 2, wall_time{}, *framed}, framed));
    const event_block taken = block.take();
    ASSERT_EQ(taken.events.size(), 1u);
    EXPECT_EQ(taken.events[0].sequence, 7u);
    EXPECT_THAT(taken.memory, ElementsAre(framed));
}

/// Events of 10 framed bytes each: three of sizes, and seven; with an empty stamp of two bytes in front.
event_batch batch_of_tens(std::size_t count) {
    event_batch batch;
    const bytes_view seven = as_bytes("seven b");
    for (std::size_t i = 0; i < count; ++i)
        batch.add(0, {}, {&seven, 1});
    return batch;
}

std::vector<std::pair<std::size_t, std::size_t>> sizes_and_counts(std::span<const event_batch> batches, std::size_t size_max) {
    std::vector<std::pair<std::size_t, std::size_t>> found;
    for (const event_run& run : cut_into_runs(batches, size_max))
        found.emplace_back(run.size(), run.count);
    return found;
}

TEST(event_framing, batches_are_cut_between_events) {
    std::vector<event_batch> batches;
    batches.push_back(batch_of_tens(3));
    batches.push_back(batch_of_tens(7));
    EXPECT_THAT(sizes_and_counts(batches, 72), ElementsAre(std::pair(32, 3), std::pair(72, 7)));
    EXPECT_THAT(sizes_and_counts(batches, 71), ElementsAre(std::pair(32, 3), std::pair(62, 6), std::pair(12, 1)));
    EXPECT_THAT(sizes_and_counts(batches, 32), ElementsAre(std::pair(32, 3), std::pair(32, 3), std::pair(32, 3), std::pair(12, 1)));
    EXPECT_EQ(sizes_and_counts(batches, 9).size(), 10u) << "an event that is larger is one by itself";
    const auto runs = cut_into_runs(batches, 32);
    EXPECT_EQ(runs[1].events.data(), batches[1].framed_events().data());
    EXPECT_EQ(runs[2].events.data(), runs[1].events.data() + 30);
    EXPECT_EQ(runs[2].stamp.data(), batches[1].framed().data()) << "what was in front is in front of each part";
}

} // namespace
} // namespace capstan::store
