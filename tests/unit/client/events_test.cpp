// Who reads which partition, and how far it has come.

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <capstan/error.hpp>

#include "client/events/partition_balance.hpp"
#include "client/events/partition_share.hpp"

namespace capstan::client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const auto now = std::chrono::system_clock::time_point(std::chrono::hours(1000));
const std::vector<std::string> four{"0", "1", "2", "3"};

ownership owned(std::string partition, std::string owner, std::chrono::seconds ago = 1s) {
    ownership made;
    made.partition = std::move(partition);
    made.owner = std::move(owner);
    made.level = 1;
    made.renewed = now - ago;
    return made;
}
balance_plan plan(const std::vector<ownership>& owners) { return plan_balance(four, owners, "me", now, 30s); }

TEST(balance, alone_takes_all) {
    EXPECT_THAT(plan({}).claim, ElementsAre("0", "1", "2", "3"));
    EXPECT_THAT(plan({}).renew, IsEmpty());
}

TEST(balance, keeps_what_is_its_own) {
    const auto next = plan({owned("0", "me"), owned("1", "me"), owned("2", "you"), owned("3", "you")});
    EXPECT_THAT(next.renew, ElementsAre("0", "1"));
    EXPECT_THAT(next.claim, IsEmpty());
}

TEST(balance, takes_one_at_a_time_from_who_has_too_many) {
    const auto next = plan({owned("0", "you"), owned("1", "you"), owned("2", "you"), owned("3", "you")});
    EXPECT_THAT(next.claim, SizeIs(1));
}

TEST(balance, leaves_two_and_two_alone_and_one_more_too) {
    EXPECT_THAT(plan({owned("0", "you"), owned("1", "you"), owned("2", "me"), owned("3", "she")}).claim, IsEmpty());
    EXPECT_THAT(plan({owned("0", "you"), owned("1", "you"), owned("2", "she"), owned("3", "she")}).claim, SizeIs(1)) << "has none yet";
}

TEST(balance, takes_over_from_who_is_gone) {
    const auto next = plan({owned("0", "you", 31s), owned("1", "you", 31s), owned("2", "me"), owned("3", "")});
    EXPECT_THAT(next.renew, ElementsAre("2"));
    EXPECT_THAT(next.claim, ElementsAre("0", "1", "3"));
}

TEST(balance, leaves_the_others_share_of_what_is_free) {
    const auto next = plan({owned("0", "you"), owned("1", "you"), owned("2", "you", 31s), owned("3", "")});
    EXPECT_THAT(next.claim, SizeIs(2));
}

/// However two or three begin, they end with even shares, and then move nothing.
TEST(balance, settles) {
    std::vector<ownership> owners;
    for (const auto& each : four)
        owners.push_back(owned(each, "a"));
    for (int round = 0; round < 10; ++round)
        for (const auto* self : {"a", "b", "c"})
            for (const auto& claimed : plan_balance(four, owners, self, now, 30s).claim)
                std::ranges::find(owners, claimed, &ownership::partition)->owner = self;
    for (const auto* self : {"a", "b", "c"}) {
        const auto mine = std::ranges::count(owners, self, &ownership::owner);
        EXPECT_TRUE(mine == 1 || mine == 2) << self;
        EXPECT_THAT(plan_balance(four, owners, self, now, 30s).claim, IsEmpty());
    }
}

struct file_checkpoints : testing::Test {
    std::filesystem::path folder = std::filesystem::temp_directory_path() / ("capstan-checkpoints-" + std::to_string(::getpid()));
    std::shared_ptr<checkpoint_store> store = open_file_checkpoints(folder);
    ~file_checkpoints() override { std::filesystem::remove_all(folder); }

    static checkpoint done(std::string partition, std::int64_t number) {
        checkpoint made;
        made.partition = std::move(partition);
        made.sequence_number = number;
        made.offset = std::to_string(number * 512);
        return made;
    }
};

TEST_F(file_checkpoints, are_there_for_the_next_process) {
    EXPECT_THAT(store->checkpoints(), IsEmpty());
    store->save(done("0", 7), {});
    store->save(done("0", 8), {});
    const auto again = open_file_checkpoints(folder)->checkpoints();
    ASSERT_THAT(again, SizeIs(1));
    EXPECT_EQ(again[0].partition, "0");
    EXPECT_EQ(again[0].sequence_number, 8);
    EXPECT_EQ(again[0].offset, "4096");
}

TEST_F(file_checkpoints, only_one_of_two_claims_counts) {
    const auto mine = owned("0", "me"), yours = owned("0", "you");
    EXPECT_TRUE(store->claim(mine, std::nullopt));
    EXPECT_FALSE(open_file_checkpoints(folder)->claim(yours, std::nullopt)) << "somebody has it by now";
    EXPECT_TRUE(open_file_checkpoints(folder)->claim(yours, mine));
    EXPECT_FALSE(store->claim(mine, mine));
    const auto held = store->ownerships();
    ASSERT_THAT(held, SizeIs(1));
    EXPECT_EQ(held[0].owner, "you");
    EXPECT_EQ(held[0].renewed, yours.renewed);
}

TEST_F(file_checkpoints, claims_and_checkpoints_keep_each_other) {
    store->save(done("0", 7), {});
    EXPECT_TRUE(store->claim(owned("0", "me"), std::nullopt));
    store->save(done("0", 8), {});
    EXPECT_EQ(store->checkpoints().at(0).sequence_number, 8);
    EXPECT_EQ(store->ownerships().at(0).owner, "me");
}

TEST_F(file_checkpoints, only_the_owner_moves_them) {
    const auto mine = owned("0", "me");
    auto yours = owned("0", "you");
    yours.level = 2;
    EXPECT_TRUE(store->claim(mine, std::nullopt));
    store->save(done("0", 7), mine);
    EXPECT_TRUE(open_file_checkpoints(folder)->claim(yours, mine));
    try {
        store->save(done("0", 8), mine);
        ADD_FAILURE() << "the other one's would have been moved";
    } catch (const client_error& error) {
        EXPECT_EQ(error.reason(), errc::stolen);
    }
    EXPECT_EQ(store->checkpoints().at(0).sequence_number, 7);
    store->save(done("0", 9), yours);
    EXPECT_EQ(store->checkpoints().at(0).sequence_number, 9);
}

TEST_F(file_checkpoints, one_before_the_first_event_is_one) {
    EXPECT_TRUE(store->claim(owned("0", "me"), std::nullopt));
    EXPECT_THAT(store->checkpoints(), IsEmpty()) << "a claim is none";
    checkpoint first;
    first.partition = "0";
    first.offset = "-1";
    store->save(first, {});
    ASSERT_THAT(store->checkpoints(), SizeIs(1));
    EXPECT_EQ(store->checkpoints()[0].sequence_number, -1);
}

TEST_F(file_checkpoints, a_share_begins_at_the_end_for_whoever_has_it) {
    std::vector<partition_info> all(2);
    all[0].id = "0";
    all[1].id = "1";
    all[1].last_sequence_number = 41;
    all[1].last_offset = "20992";
    const auto mine = claim_share(*store, all, "me", 30s, true);
    EXPECT_THAT(mine.held, SizeIs(2));
    all[1].last_sequence_number = 50;
    release_share(*store, "me");
    const auto yours = claim_share(*store, all, "you", 30s, true);
    ASSERT_THAT(yours.done, SizeIs(2));
    for (const auto& each : yours.done)
        EXPECT_EQ(each.sequence_number, each.partition == "0" ? -1 : 41);
    EXPECT_THAT(yours.held, testing::Each(testing::Field(&ownership::level, 2)));
    EXPECT_THAT(claim_share(*store, all, "she", 30s, false).held, SizeIs(1)) << "one at a time";
}

TEST_F(file_checkpoints, a_file_that_is_none_is_said_to_be) {
    std::ofstream(folder / "0.json") << "nonsense";
    EXPECT_THROW(store->checkpoints(), client_error);
    EXPECT_THROW(store->save(done("0", 1), {}), client_error);
    EXPECT_THROW(store->save(done("../0", 1), {}), client_error);
}

} // namespace
} // namespace capstan::client
