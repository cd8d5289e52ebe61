#include "hub/commands/mailbox.hpp"

#include <gtest/gtest.h>

namespace capstan::hub {
namespace {

using namespace std::chrono_literals;

/// The rules of contract/semantics.md, section 1.2, row by row, in virtual time.
class mailbox_test : public testing::Test {
protected:
    std::uint64_t add(store::ack_mode ack = store::ack_mode::full, std::chrono::seconds life = 1h) {
        store::command command;
        command.enqueued = now;
        command.expires = now + life;
        command.ack = ack;
        command.message_id = "m" + std::to_string(++count);
        const auto sequence = box.add(std::move(command))->sequence;
        box.stored(sequence);
        return sequence;
    }
    std::optional<locked_command> lock(receiver_id receiver = 1) { return box.lock_next(receiver, token(), now); }
    lock_token token() {
        lock_token made{};
        made[0] = ++tokens;
        return made;
    }

    settings rules;
    mailbox box{rules};
    wall_time now{1'000'000s};
    int count = 0;
    std::uint8_t tokens = 0;
};

TEST_F(mailbox_test, delivers_in_order_each_once) {
    const auto first = add(), second = add();
    EXPECT_EQ(lock()->command->sequence, first);
    EXPECT_EQ(lock()->command->sequence, second);
    EXPECT_FALSE(lock());
    EXPECT_LT(first, second);
}

TEST_F(mailbox_test, is_not_delivered_before_it_is_stored) {
    store::command fresh;
    fresh.expires = now + 1h;
    const auto command = box.add(std::move(fresh));
    EXPECT_FALSE(lock());
    EXPECT_EQ(box.size(), 1u);
    box.stored(command->sequence);
    EXPECT_TRUE(lock());
}

TEST_F(mailbox_test, what_could_not_be_stored_was_never_there) {
    store::command fresh;
    fresh.expires = now + 1h;
    const auto command = box.add(std::move(fresh));
    box.not_stored(command->sequence);
    EXPECT_EQ(box.size(), 0u);
}

TEST_F(mailbox_test, complete_leaves_with_success) {
    const auto sequence = add();
    const auto settled = box.settle(lock()->token, verdict::complete, now);
    ASSERT_TRUE(settled && settled->leaves);
    EXPECT_EQ(settled->leaves->sequence, sequence);
    EXPECT_EQ(settled->leaves->feedback, store::feedback_status::success);
    EXPECT_EQ(settled->leaves->message_id, "m1");
    EXPECT_EQ(box.size(), 1u) << "until the removal is durable";
    box.gone(sequence);
    EXPECT_EQ(box.size(), 0u);
}

TEST_F(mailbox_test, reject_leaves_with_rejected) {
    add();
    EXPECT_EQ(box.settle(lock()->token, verdict::reject, now)->leaves->feedback, store::feedback_status::rejected);
}

TEST_F(mailbox_test, abandon_counts_and_comes_again) {
    add();
    const auto settled = box.settle(lock()->token, verdict::abandon, now);
    ASSERT_TRUE(settled && settled->again);
    EXPECT_EQ(settled->again->delivery_count, 1u);
    EXPECT_EQ(lock()->command->delivery_count, 1u);
}

TEST_F(mailbox_test, the_last_abandon_leaves_with_delivery_count_exceeded) {
    rules.max_delivery_count = 3;
    add();
    for (int time = 0; time < 2; ++time)
        ASSERT_TRUE(box.settle(lock()->token, verdict::abandon, now)->again);
    const auto last = box.settle(lock()->token, verdict::abandon, now);
    ASSERT_TRUE(last->leaves);
    EXPECT_EQ(last->leaves->feedback, store::feedback_status::delivery_count_exceeded);
}

TEST_F(mailbox_test, a_lock_runs_out_after_its_time_without_counting) {
    add();
    const auto held = lock();
    now += 59s;
    EXPECT_TRUE(box.tick(now).leaving.empty());
    EXPECT_FALSE(lock());
    now += 1s;
    EXPECT_TRUE(box.tick(now).leaving.empty());
    EXPECT_EQ(box.settle(held->token, verdict::complete, now).error(), errc::message_lock_lost);
    EXPECT_EQ(lock()->command->delivery_count, 0u);
}

/// As Azure was documented before 2026: contract/semantics.md, section 1.2.
TEST_F(mailbox_test, a_lock_that_runs_out_may_count) {
    rules.count_lock_timeouts = true;
    rules.max_delivery_count = 3;
    add(store::ack_mode::negative);
    for (std::uint32_t count = 0; count < 2; ++count) {
        EXPECT_EQ(lock()->command->delivery_count, count);
        now += 60s;
        const auto passed = box.tick(now);
        EXPECT_TRUE(passed.leaving.empty());
        ASSERT_EQ(passed.again.size(), 1u);
        EXPECT_EQ(passed.again[0]->delivery_count, count + 1);
    }
    const auto held = lock();
    box.release(held->token);
    EXPECT_TRUE(box.tick(now).again.empty()) << "given back, not run out";
    lock();
    now += 60s;
    const auto last = box.tick(now).leaving;
    ASSERT_EQ(last.size(), 1u);
    EXPECT_EQ(last[0].feedback, store::feedback_status::delivery_count_exceeded);
    EXPECT_EQ(last[0].died_of, store::feedback_status::delivery_count_exceeded);
    EXPECT_FALSE(lock());
}

TEST_F(mailbox_test, what_expires_with_its_lock_has_expired) {
    rules.count_lock_timeouts = true;
    add(store::ack_mode::full, 60s);
    lock();
    now += 60s;
    const auto passed = box.tick(now);
    EXPECT_TRUE(passed.again.empty());
    ASSERT_EQ(passed.leaving.size(), 1u);
    EXPECT_EQ(passed.leaving[0].feedback, store::feedback_status::expired);
}

TEST_F(mailbox_test, a_lock_may_be_asked_for_that_lasts_longer_or_shorter) {
    for (const auto time : {5s, 200s}) {
        add();
        const auto held = box.lock_next(1, token(), now, time);
        now += time - 1s;
        EXPECT_TRUE(box.tick(now).leaving.empty());
        EXPECT_FALSE(lock());
        now += 1s;
        box.tick(now);
        const auto again = lock();
        ASSERT_TRUE(again);
        EXPECT_TRUE(box.settle(again->token, verdict::complete, now));
    }
}

TEST_F(mailbox_test, a_stale_token_settles_nothing) {
    add();
    const auto held = lock();
    box.release(held->token);
    EXPECT_EQ(box.settle(held->token, verdict::complete, now).error(), errc::message_lock_lost);
    EXPECT_EQ(box.settle(lock_token{}, verdict::complete, now).error(), errc::message_lock_lost);
    EXPECT_EQ(box.size(), 1u);
}

TEST_F(mailbox_test, a_receiver_that_goes_gives_its_locks_back) {
    add(), add();
    lock(1);
    const auto other = lock(2);
    box.release_all(1);
    EXPECT_EQ(lock(3)->command->sequence, 1u);
    EXPECT_TRUE(box.settle(other->token, verdict::complete, now));
}

TEST_F(mailbox_test, expires_with_feedback) {
    add(store::ack_mode::negative, 10s);
    now += 10s;
    EXPECT_FALSE(lock()) << "expired, though nobody has ticked";
    const auto expired = box.tick(now).leaving;
    ASSERT_EQ(expired.size(), 1u);
    EXPECT_EQ(expired[0].feedback, store::feedback_status::expired);
    EXPECT_TRUE(box.tick(now).leaving.empty()) << "once";
}

TEST_F(mailbox_test, a_held_message_expires_when_its_lock_ends) {
    add(store::ack_mode::full, 10s);
    const auto held = lock();
    now += 30s;
    EXPECT_TRUE(box.tick(now).leaving.empty());
    EXPECT_TRUE(box.settle(held->token, verdict::complete, now)->leaves);
}

TEST_F(mailbox_test, purge_takes_all_and_tells) {
    add(), add();
    lock();
    const auto purged = box.purge();
    ASSERT_EQ(purged.size(), 2u);
    EXPECT_EQ(purged[0].feedback, store::feedback_status::purged);
}

TEST_F(mailbox_test, full_counts_what_is_held_and_what_leaves) {
    rules.command_queue_depth = 2;
    const auto first = add();
    add();
    EXPECT_TRUE(box.full());
    box.settle(lock()->token, verdict::complete, now);
    EXPECT_TRUE(box.full());
    box.gone(first);
    EXPECT_FALSE(box.full());
}

TEST_F(mailbox_test, a_failed_removal_leaves_it_as_it_was) {
    const auto sequence = add();
    box.settle(lock()->token, verdict::complete, now);
    box.stays(sequence);
    EXPECT_EQ(lock()->command->sequence, sequence);
}

TEST_F(mailbox_test, numbers_go_on_after_a_reload) {
    box.load({.next_sequence = 42, .commands = {}});
    EXPECT_EQ(add(), 42u);
}

TEST_F(mailbox_test, the_next_deadline_is_the_earliest) {
    EXPECT_FALSE(box.next_deadline());
    add(store::ack_mode::none, 600s);
    EXPECT_EQ(box.next_deadline(), now + 600s);
    lock();
    EXPECT_EQ(box.next_deadline(), now + 60s);
}

struct ack_row {
    store::ack_mode ack;
    store::feedback_status status;
    bool wanted;
};
class ack_test : public testing::TestWithParam<ack_row> {};

/// contract/semantics.md, section 2.
TEST_P(ack_test, decides_who_hears_of_it) { EXPECT_EQ(wants_feedback(GetParam().ack, GetParam().status), GetParam().wanted); }

using ack = store::ack_mode;
using status = store::feedback_status;
INSTANTIATE_TEST_SUITE_P(table, ack_test,
                         testing::Values(ack_row{ack::none, status::success, false}, ack_row{ack::none, status::rejected, false},
                                         ack_row{ack::positive, status::success, true}, ack_row{ack::positive, status::expired, false},
                                         ack_row{ack::negative, status::success, false}, ack_row{ack::negative, status::expired, true},
                                         ack_row{ack::negative, status::rejected, true},
                                         ack_row{ack::negative, status::delivery_count_exceeded, true},
                                         ack_row{ack::positive, status::purged, false}, ack_row{ack::full, status::success, true},
                                         ack_row{ack::full, status::purged, true}));

} // namespace
} // namespace capstan::hub
