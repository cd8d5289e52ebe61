// Where a reader begins: every form of filter that clients write (contract/event-hubs.md, 4.2), and what it means for a log.

#include "hub/telemetry/position.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/hub_fixture.hpp"

namespace capstan::hub {
namespace {

using kind = position::kind;

struct selector_row {
    std::string_view text;
    kind what;
    std::uint64_t value = 0;
    bool inclusive = false;
};

TEST(position_test, selectors_that_clients_write) {
    const selector_row rows[] = {
        // JavaScript, Python, Go, Java: the value in quotes
        {"amqp.annotation.x-opt-offset > '-1'", kind::earliest},
        {"amqp.annotation.x-opt-offset > '@latest'", kind::latest},
        {"amqp.annotation.x-opt-offset >= '@latest'", kind::latest},
        {"amqp.annotation.x-opt-offset > '512'", kind::offset, 512},
        {"amqp.annotation.x-opt-offset >= '512'", kind::offset, 512, true},
        {"amqp.annotation.x-opt-sequence-number > '42'", kind::sequence, 42},
        {"amqp.annotation.x-opt-sequence-number >= '42'", kind::sequence, 42, true},
        {"amqp.annotation.x-opt-sequence-number > '-1'", kind::earliest},
        {"amqp.annotation.x-opt-enqueued-time > '1700000000000'", kind::time, 1'700'000'000'000},
        {"amqp.annotation.x-opt-enqueued-time >= '1700000000000'", kind::time, 1'700'000'000'000, true},
        // .NET of the first generation: without
        {"amqp.annotation.x-opt-offset > -1", kind::earliest},
        {"amqp.annotation.x-opt-offset > @latest", kind::latest},
        {"amqp.annotation.x-opt-sequence-number >= 42", kind::sequence, 42, true},
        {"amqp.annotation.x-opt-enqueued-time > 1700000000000", kind::time, 1'700'000'000'000},
        // az: the old name of the time
        {"amqp.annotation.x-opt-enqueuedtimeutc > 1700000000000", kind::time, 1'700'000'000'000},
        {"amqp.annotation.x-opt-enqueuedtimeutc > '0'", kind::time, 0},
        // white space is free
        {"  amqp.annotation.x-opt-offset>'0' ", kind::offset, 0},
        {"amqp.annotation.x-opt-sequence-number  >=\t7", kind::sequence, 7, true},
    };
    for (const auto& [text, what, value, inclusive] : rows) {
        const auto read = parse_selector(text);
        ASSERT_TRUE(read) << text << ": " << read.error();
        EXPECT_EQ(read->what, what) << text;
        EXPECT_EQ(read->value, value) << text;
        EXPECT_EQ(read->inclusive, inclusive) << text;
    }
}

TEST(position_test, what_is_no_selector) {
    for (const auto* text :
         {"", "nonsense", "amqp.annotation.x-opt-offset", "amqp.annotation.x-opt-offset < '3'", "amqp.annotation.x-opt-offset = '3'",
          "x-opt-offset > '3'", "amqp.annotation.x-opt-partition-key > '3'", "amqp.annotation.x-opt-offset > ''",
          "amqp.annotation.x-opt-offset > 'three'", "amqp.annotation.x-opt-offset > '3", "amqp.annotation.x-opt-offset > '-2'",
          "amqp.annotation.x-opt-sequence-number > '1.5'", "amqp.annotation.x-opt-sequence-number > '99999999999999999999999'",
          "amqp.annotation.x-opt-sequence-number > '9223372036854775807'", "amqp.annotation.x-opt-offset > '1' AND 1 = 1"})
        EXPECT_FALSE(parse_selector(text)) << text;
}

amqp::bytes filter_set(amqp::value key, amqp::value filter) {
    amqp::map filters;
    filters.entries.emplace_back(std::move(key), std::move(filter));
    return amqp::encode(amqp::value(std::move(filters)));
}

TEST(position_test, filter_sets_in_which_clients_send_them) {
    const amqp::value text("amqp.annotation.x-opt-sequence-number > '7'");
    const amqp::symbol name{"apache.org:selector-filter:string"};
    const auto described = [&](amqp::value as) { return amqp::value(amqp::described(std::move(as), text)); };
    const std::pair<std::string_view, amqp::bytes> rows[] = {
        {"JavaScript, rhea, Go", filter_set(name, described(std::uint64_t{0x0000468C00000004}))},
        {".NET", filter_set(name, described(std::uint64_t{0x000000137000000A}))},
        {"Python, Java", filter_set(name, described(name))},
        {"bare", filter_set(name, text)},
        {"the key as a string", filter_set("apache.org:selector-filter:string", text)},
        {"rhea's helper", filter_set(amqp::symbol{"jms-selector"}, described(std::uint64_t{0x0000468C00000004}))},
    };
    for (const auto& [who, octets] : rows) {
        const auto read = parse_filter(octets);
        ASSERT_TRUE(read) << who << ": " << read.error();
        EXPECT_EQ(read->what, kind::sequence) << who;
        EXPECT_EQ(read->value, 7u) << who;
    }
    for (const auto& octets : {amqp::bytes(), filter_set(amqp::symbol{"another:filter"}, text)})
        EXPECT_EQ(parse_filter(octets)->what, kind::earliest) << "no filter: from the oldest";
    EXPECT_FALSE(parse_filter(filter_set(name, std::int32_t{7})));
    EXPECT_FALSE(parse_filter(amqp::encode(amqp::value("no map"))));
}

/// A log that holds the events 100 to 199.
TEST(position_test, the_first_event_of_a_log) {
    store::partition_state log;
    log.begin = 100;
    log.next = 200;
    struct row {
        position from;
        std::optional<std::uint64_t> first;
    };
    const row rows[] = {
        {{.what = kind::earliest}, 100},
        {{.what = kind::latest}, 200},
        {{.what = kind::sequence, .value = 150}, 151},
        {{.what = kind::sequence, .value = 150, .inclusive = true}, 150},
        {{.what = kind::sequence, .value = 199}, 200},
        {{.what = kind::sequence, .value = 200}, 200},
        {{.what = kind::sequence, .value = 201}, std::nullopt},
        {{.what = kind::offset, .value = 150 * offset_step}, 151},
        {{.what = kind::offset, .value = 150 * offset_step, .inclusive = true}, 150},
        {{.what = kind::offset, .value = 150 * offset_step + 1, .inclusive = true}, 151},
        {{.what = kind::offset, .value = 201 * offset_step}, std::nullopt},
    };
    for (const auto& [from, first] : rows) {
        const auto found = first_event(from, log);
        const auto which = fmt::format("kind {} value {}", static_cast<int>(from.what), from.value);
        ASSERT_EQ(found.has_value(), first.has_value()) << which;
        if (first)
            EXPECT_EQ(*found, *first) << which;
        else
            EXPECT_THAT(found.error(), testing::HasSubstr("The last")) << which;
    }
}

class old_positions_test : public test::hub_fixture {
protected:
    void store_events(std::size_t count) {
        store::event_batch batch;
        for (std::size_t index = 0; index < count; ++index)
            batch.add(0, {}, {});
        store->telemetry().append(0, std::move(batch), {queue, [](const auto&) {}});
        settle();
    }
    std::vector<std::uint64_t> sequences_from(const std::string& selector) {
        amqp::list fields;
        fields.elements.resize(8);
        fields.elements[0] = amqp::value("/hub/ConsumerGroups/$Default/Partitions/0");
        if (!selector.empty()) {
            amqp::map filters;
            filters.entries.emplace_back(amqp::symbol{"apache.org:selector-filter:string"}, selector);
            fields.elements[7] = amqp::value(std::move(filters));
        }
        auto& client = connect_service();
        attach(client, amqp::role::receiver, {}, 10,
               amqp::encode(amqp::value(amqp::described(amqp::value(std::uint64_t{0x28}), amqp::value(std::move(fields))))));
        EXPECT_TRUE(client.news.detached.empty()) << selector;
        std::vector<std::uint64_t> numbers;
        for (const auto& each : client.news.messages) {
            const auto pairs = amqp::decode_value(amqp::message_view::parse(each.payload)->message_annotations().content);
            numbers.push_back(static_cast<std::uint64_t>(*pairs->get<amqp::map>()->find("x-opt-sequence-number")->integer()));
        }
        client.engine().close();
        settle();
        return numbers;
    }
};

/// contract/event-hubs.md, 4.2: a position older than retention is no error.
TEST_F(old_positions_test, start_at_the_oldest_event) {
    store_events(3);
    const auto then = clock.now();
    advance(settings.telemetry_retention + std::chrono::minutes(1));
    ASSERT_EQ(store->telemetry().state(0).begin, 3u);
    store_events(2);
    const std::vector<std::uint64_t> kept{3, 4};
    for (const auto& selector :
         {std::string(), std::string("amqp.annotation.x-opt-offset > '-1'"), std::string("amqp.annotation.x-opt-sequence-number > '0'"),
          std::string("amqp.annotation.x-opt-sequence-number >= '1'"), "amqp.annotation.x-opt-offset > '" + offset_of(1) + "'",
          std::string("amqp.annotation.x-opt-offset >= '0'"), std::string("amqp.annotation.x-opt-enqueued-time > '0'"),
          fmt::format("amqp.annotation.x-opt-enqueuedtimeutc > {}", then.time_since_epoch().count())})
        EXPECT_EQ(sequences_from(selector), kept) << selector;
    EXPECT_EQ(sequences_from("amqp.annotation.x-opt-sequence-number > '3'"), std::vector<std::uint64_t>{4});
    EXPECT_TRUE(sequences_from("amqp.annotation.x-opt-offset > '@latest'").empty());
}

} // namespace
} // namespace capstan::hub
