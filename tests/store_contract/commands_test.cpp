#include "contract.hpp"

namespace capstan::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class commands : public contract {
protected:
    std::vector<std::uint64_t> sequences(const std::string& device) {
        std::vector<std::uint64_t> found;
        const store::command_list list = ask_->load(device).value();
        for (const store::command& value : list.commands)
            found.push_back(value.sequence);
        return found;
    }
};
INSTANTIATE_TEST_SUITE_P(both, commands, testing::Values("memory", "rocksdb"), [](const auto& of) { return of.param; });

store::feedback_record feedback_of(std::string message_id) {
    store::feedback_record record;
    record.time = at_ms(77);
    record.status = store::feedback_status::rejected;
    record.original_message_id = std::move(message_id);
    record.device_id = "pump";
    record.generation_id = "g1";
    return record;
}

TEST_P(commands, a_device_without_commands_has_none) {
    const store::command_list list = ask_->load("pump").value();
    EXPECT_EQ(list.next_sequence, 1u);
    EXPECT_THAT(list.commands, IsEmpty());
    EXPECT_THAT(ask_->expiring(10'000'000), IsEmpty());
}

TEST_P(commands, what_is_put_is_loaded_as_it_was) {
    store::command value = command_of(1, 2'000'000, "open");
    value.delivery_count = 3;
    value.ack = store::ack_mode::full;
    value.message_id = "m-1";
    ASSERT_TRUE(ask_->put("pump", value));
    const store::command_list list = ask_->load("pump").value();
    ASSERT_EQ(list.commands.size(), 1u);
    EXPECT_EQ(list.next_sequence, 2u);
    EXPECT_EQ(list.commands[0].sequence, 1u);
    EXPECT_EQ(list.commands[0].enqueued, value.enqueued);
    EXPECT_EQ(list.commands[0].expires, value.expires);
    EXPECT_EQ(list.commands[0].delivery_count, 3u);
    EXPECT_EQ(list.commands[0].ack, store::ack_mode::full);
    EXPECT_EQ(list.commands[0].message_id, "m-1");
    EXPECT_EQ(list.commands[0].message, value.message);
}

TEST_P(commands, dead_letters_are_kept_beside_and_go_with_their_device) {
    ASSERT_TRUE(ask_->put("pump", command_of(1, 2'000'000)));
    ASSERT_TRUE(ask_->put("pump", command_of(2, 2'000'000)));
    store::command dead = command_of(1, 9'000'000, "open");
    dead.delivery_count = 3;
    dead.message_id = "m-1";
    dead.died_of = store::feedback_status::delivery_count_exceeded;
    dead.died = at_ms(1'234);
    ASSERT_TRUE(ask_->bury("pump", {dead}, {feedback_of("m-1")}));
    EXPECT_THAT(sequences("pump"), ElementsAre(2u));
    EXPECT_EQ(ask_->feedback().value().size(), 1u);
    const auto kept = ask_->load(store::dead_letters_of("pump")).value().commands;
    ASSERT_EQ(kept.size(), 1u);
    EXPECT_EQ(kept[0].died_of, dead.died_of);
    EXPECT_EQ(kept[0].died, dead.died);
    EXPECT_EQ(kept[0].delivery_count, 3u);
    EXPECT_EQ(kept[0].message_id, "m-1");
    EXPECT_EQ(kept[0].message, dead.message);
    EXPECT_THAT(ask_->expiring(10'000'000), ElementsAre("pump/2", "pump//dead/1"));
    ASSERT_TRUE(ask_->drop("pump"));
    EXPECT_THAT(ask_->load(store::dead_letters_of("pump")).value().commands, IsEmpty());
    EXPECT_THAT(ask_->expiring(10'000'000), IsEmpty());
}

TEST_P(commands, devices_are_kept_apart_whatever_their_names) {
    for (const std::string device : {"a", "a.", "a0", "aa", "b"})
        ASSERT_TRUE(ask_->put(device, command_of(1, 2'000'000, device)));
    ASSERT_TRUE(ask_->drop("a"));
    EXPECT_THAT(sequences("a"), IsEmpty());
    for (const std::string device : {"a.", "a0", "aa", "b"})
        EXPECT_THAT(sequences(device), ElementsAre(1u)) << device;
    EXPECT_THAT(ask_->expiring(2'000'000), ElementsAre("a./1", "a0/1", "aa/1", "b/1"));
}

TEST_P(commands, they_are_loaded_by_ascending_sequence) {
    for (const std::uint64_t sequence : {1u, 2u, 255u, 256u, 70'000u})
        ASSERT_TRUE(ask_->put("pump", command_of(sequence, 2'000'000)));
    EXPECT_THAT(sequences("pump"), ElementsAre(1u, 2u, 255u, 256u, 70'000u));
    EXPECT_EQ(ask_->load("pump").value().next_sequence, 70'001u);
}

TEST_P(commands, a_second_put_replaces_and_leaves_one_entry_of_expiry) {
    ASSERT_TRUE(ask_->put("pump", command_of(1, 2'000'000)));
    ASSERT_TRUE(ask_->put("pump", command_of(2, 2'500'000)));
    store::command again = command_of(1, 2'000'000);
    again.delivery_count = 1;
    ASSERT_TRUE(ask_->put("pump", again));
    EXPECT_EQ(ask_->load("pump").value().commands.at(0).delivery_count, 1u);
    EXPECT_THAT(ask_->expiring(9'000'000), ElementsAre("pump/1", "pump/2"));
    EXPECT_EQ(ask_->load("pump").value().next_sequence, 3u);

    ASSERT_TRUE(ask_->put("pump", command_of(1, 3'000'000))); // even with another time
    EXPECT_THAT(ask_->expiring(9'000'000), ElementsAre("pump/2", "pump/1"));
    ASSERT_TRUE(ask_->remove("pump", {1}));
    EXPECT_THAT(ask_->expiring(9'000'000), ElementsAre("pump/2"));
}

TEST_P(commands, changes_that_are_made_without_waiting_see_each_other) {
    int answers = 0;
    const auto reply = [&] { return store::reply_to<void>{queue_, [&](store::outcome<void> result) { answers += result ? 1 : 0; }}; };
    store::command_queue& all = store_->commands();
    all.put("pump", command_of(1, 2'000'000), reply());
    all.put("pump", command_of(1, 3'000'000), reply());
    all.put("pump", command_of(2, 2'000'000), reply());
    all.remove("pump", {2, 3}, {}, reply());
    all.put("pump", command_of(3, 4'000'000), reply());
    all.drop("valve", reply());
    all.put("fan", command_of(7, 1'000), reply());
    all.drop("fan", reply());
    ASSERT_TRUE(queue_.run_until([&] { return answers == 8; }));
    EXPECT_THAT(sequences("pump"), ElementsAre(1u, 3u));
    EXPECT_THAT(sequences("fan"), IsEmpty());
    EXPECT_EQ(ask_->load("fan").value().next_sequence, 1u);
    EXPECT_THAT(ask_->expiring(9'000'000), ElementsAre("pump/1", "pump/3"));
}

TEST_P(commands, a_load_sees_what_was_asked_before_it_and_nothing_that_was_asked_after) {
    std::vector<std::size_t> sizes;
    int answers = 0;
    for (std::uint64_t sequence = 1; sequence <= 20; ++sequence) {
        store_->commands().put("pump", command_of(sequence, 2'000'000), {queue_, [&](store::outcome<void>) { ++answers; }});
        store_->commands().load("pump", {queue_, [&](store::outcome<store::command_list> list) {
                                             sizes.push_back(list.value().commands.size());
                                             ++answers;
                                         }});
    }
    ASSERT_TRUE(queue_.run_until([&] { return answers == 40; }));
    std::ranges::sort(sizes); // the reads of two loads may change places
    for (std::size_t i = 0; i < sizes.size(); ++i)
        EXPECT_EQ(sizes[i], i + 1);
}

TEST_P(commands, numbers_never_go_back_when_the_queue_empties) {
    ASSERT_TRUE(ask_->put("pump", command_of(5, 2'000'000)));
    ASSERT_TRUE(ask_->remove("pump", {5}));
    EXPECT_EQ(ask_->load("pump").value().next_sequence, 6u);
    EXPECT_THAT(ask_->load("pump").value().commands, IsEmpty());
    ASSERT_TRUE(ask_->drop("pump"));
    EXPECT_EQ(ask_->load("pump").value().next_sequence, 1u);
}

TEST_P(commands, expiring_gives_the_earliest_first_up_to_the_limit) {
    ASSERT_TRUE(ask_->put("b", command_of(1, 3'000)));
    ASSERT_TRUE(ask_->put("a", command_of(1, 2'000)));
    ASSERT_TRUE(ask_->put("a", command_of(2, 70'000)));
    ASSERT_TRUE(ask_->put("c", command_of(1, 1'000)));
    EXPECT_THAT(ask_->expiring(999), IsEmpty());
    EXPECT_THAT(ask_->expiring(1'000), ElementsAre("c/1"));
    EXPECT_THAT(ask_->expiring(5'000), ElementsAre("c/1", "a/1", "b/1"));
    EXPECT_THAT(ask_->expiring(70'000, 2), ElementsAre("c/1", "a/1"));
    ASSERT_TRUE(ask_->remove("c", {1}));
    ASSERT_TRUE(ask_->remove("a", {1, 2, 9}));
    EXPECT_THAT(ask_->expiring(70'000), ElementsAre("b/1"));
}

TEST_P(commands, a_removal_and_its_feedback_are_one) {
    ASSERT_TRUE(ask_->put("pump", command_of(1, 2'000'000)));
    ASSERT_TRUE(ask_->remove("pump", {1}, {feedback_of("m-1"), feedback_of("m-2")}));
    const auto records = ask_->feedback().value();
    ASSERT_EQ(records.size(), 2u);
    EXPECT_LT(records[0].sequence, records[1].sequence);
    EXPECT_EQ(records[0].original_message_id, "m-1");
    EXPECT_EQ(records[1].original_message_id, "m-2");
    EXPECT_EQ(records[0].time, at_ms(77));
    EXPECT_EQ(records[0].status, store::feedback_status::rejected);
    EXPECT_EQ(records[0].device_id, "pump");
    EXPECT_EQ(records[0].generation_id, "g1");
    EXPECT_THAT(sequences("pump"), IsEmpty());
}

TEST_P(commands, feedback_is_read_in_pieces_and_removed_by_range) {
    for (int i = 0; i < 5; ++i)
        ASSERT_TRUE(ask_->remove("pump", {}, {feedback_of(std::to_string(i))}));
    const auto first = ask_->feedback(0, 2).value();
    ASSERT_EQ(first.size(), 2u);
    const auto rest = ask_->feedback(first.back().sequence + 1).value();
    ASSERT_EQ(rest.size(), 3u);
    EXPECT_EQ(rest[0].original_message_id, "2");

    ASSERT_TRUE(ask_->remove_feedback(first[1].sequence, rest[0].sequence));
    std::vector<std::string> left;
    const auto records = ask_->feedback().value();
    for (const store::feedback_record& record : records)
        left.push_back(record.original_message_id);
    EXPECT_THAT(left, ElementsAre("0", "3", "4"));

    ASSERT_TRUE(ask_->remove_feedback(0, ~std::uint64_t{0}));
    EXPECT_THAT(ask_->feedback().value(), IsEmpty());
    ASSERT_TRUE(ask_->remove("pump", {}, {feedback_of("5")}));
    EXPECT_GT(ask_->feedback().value().at(0).sequence, rest.back().sequence);
}

TEST_P(commands, many_feedback_records_are_removed_at_once) {
    for (int i = 0; i < 10; ++i)
        ASSERT_TRUE(ask_->remove("pump", {}, std::vector<store::feedback_record>(100, feedback_of("m"))));
    const std::uint64_t first = ask_->feedback(0, 1).value().at(0).sequence;
    ASSERT_TRUE(ask_->remove_feedback(first, first + 989));
    EXPECT_EQ(ask_->feedback().value().size(), 10u);
    ASSERT_TRUE(ask_->remove_feedback(50, 20)); // an empty range
    EXPECT_EQ(ask_->feedback().value().size(), 10u);
}

TEST_P(commands, a_closed_store_refuses) {
    store_->close();
    EXPECT_EQ(ask_->put("pump", command_of(1, 1)).error().code, store::errc::closed);
    EXPECT_EQ(ask_->load("pump").error().code, store::errc::closed);
    EXPECT_EQ(ask_->remove("pump", {1}).error().code, store::errc::closed);
    EXPECT_EQ(ask_->drop("pump").error().code, store::errc::closed);
    EXPECT_EQ(ask_->feedback().error().code, store::errc::closed);
    EXPECT_EQ(ask_->remove_feedback(1, 2).error().code, store::errc::closed);
}

} // namespace
} // namespace capstan::test
