// Reading against an event hub that loses connections, stays silent or says no.

#include <atomic>
#include <mutex>
#include <thread>

#include <boost/asio/bind_cancellation_slot.hpp>

#include <capstan/event_consumer.hpp>

#include "unit/client/scripted_hub.hpp"

namespace capstan::client {
namespace {

using namespace std::chrono_literals;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

using answer = std::optional<std::pair<int, amqp::map>>;

class reading : public test::scripted_hub_test {
protected:
    static constexpr const char* partition = "events/ConsumerGroups/$Default/Partitions/0";

    reading() {
        hub->on_question = [this](const amqp::map& question) {
            return question.find("type")->text() == "com.microsoft:eventhub" ? answer(std::pair(200, one_partition())) : of_partition;
        };
    }
    event_consumer consumer(const event_options& what, const client_options& with = options()) {
        return {loop.get_executor(), events_string(), what, with};
    }
    static amqp::map one_partition() {
        amqp::array ids;
        ids.elements = {amqp::value("0")};
        amqp::map made;
        made.entries = {{amqp::value("partition_ids"), amqp::value(std::move(ids))}};
        return made;
    }
    static amqp::map with_last(std::int64_t number) {
        amqp::map made;
        made.entries = {{amqp::value("last_enqueued_sequence_number"), amqp::value(number)},
                        {amqp::value("last_enqueued_offset"), amqp::value(std::to_string(number * 512))}};
        return made;
    }
    static amqp::bytes numbered(std::int64_t number) {
        amqp::map annotations;
        annotations.entries = {{amqp::value(amqp::symbol{"x-opt-sequence-number"}), amqp::value(number)}};
        amqp::bytes made;
        amqp::message_builder(made).message_annotations(annotations).data("x");
        return made;
    }

    answer of_partition = std::pair(200, with_last(41));
    test::ending<std::optional<event>> next;
    test::ending<std::vector<partition_info>> infos;
    asio::cancellation_signal stop;
};

TEST_F(reading, the_end_is_a_number_from_the_beginning) {
    auto events = consumer(event_options());
    events.async_next(next.handler());
    run_until([&] { return hub->credit_at(partition).has_value(); });
    of_partition = std::pair(200, with_last(50));
    hub->cut();
    run_until([&] { return hub->filters.size() == 2; });
    EXPECT_THAT(hub->filters, Each(HasSubstr("x-opt-sequence-number > '41'"))) << "what came meanwhile is read";
    run_until([&] { return hub->give(partition, numbered(42)); });
    run_until([&] { return next.done(); });
    EXPECT_EQ(next.value()->sequence_number(), 42);
}

TEST_F(reading, an_idle_partition_comes_back) {
    auto events = consumer(event_options());
    events.async_next(next.handler());
    run_until([&] { return hub->credit_at(partition).has_value(); });
    hub->detach(partition, amqp::error("amqp:unauthorized-access", "the token has run out"));
    run_until([&] { return hub->credit_at(partition).has_value(); });
    EXPECT_FALSE(next.done());
}

TEST_F(reading, what_the_event_hub_says_no_to_is_an_error) {
    of_partition = std::pair(401, amqp::map());
    auto events = consumer(event_options());
    events.async_partitions(infos.handler());
    run_until([&] { return infos.done(); });
    EXPECT_EQ(infos.reason(), errc::unauthorized);
}

TEST_F(reading, partitions_are_asked_for_within_a_time) {
    auto hasty = options();
    hasty.operation_time_out(50ms);
    hub->on_question = [](const amqp::map&) { return answer(); };
    auto events = consumer(event_options(), hasty);
    events.async_partitions(infos.handler());
    run_until([&] { return infos.done(); });
    EXPECT_EQ(infos.reason(), errc::timed_out);
}

TEST_F(reading, operations_are_taken_back) {
    hub->on_question = [](const amqp::map&) { return answer(); };
    auto events = consumer(event_options());
    asio::cancellation_signal also;
    events.async_partitions(asio::bind_cancellation_slot(stop.slot(), infos.handler()));
    events.async_next(asio::bind_cancellation_slot(also.slot(), next.handler()));
    run_until([&] { return hub->tokens == 1; });
    stop.emit(asio::cancellation_type::terminal);
    also.emit(asio::cancellation_type::terminal);
    run_until([&] { return infos.done() && next.done(); });
    EXPECT_EQ(infos.reason(), errc::canceled);
    EXPECT_EQ(next.reason(), errc::canceled);
}

/// A store that keeps in memory, and notes whether it was called where nothing may block. The test looks at it while it is used.
class memory_checkpoints final : public checkpoint_store {
public:
    std::vector<checkpoint> checkpoints() override {
        const auto lock = locked();
        return done_;
    }
    std::vector<ownership> ownerships() override {
        const auto lock = locked();
        return held_;
    }
    void save(const checkpoint& what, const std::optional<ownership>& by) override {
        const auto lock = locked();
        if (by && (held_.empty() || held_[0].owner != by->owner || held_[0].level != by->level))
            throw client_error(errc::stolen);
        done_ = {what};
    }
    bool claim(const ownership& wanted, const std::optional<ownership>&) override {
        const auto lock = locked();
        held_ = {wanted};
        return true;
    }

    // --- for the test
    bool elsewhere() const { return elsewhere_; }
    std::int64_t done_up_to() const {
        const std::lock_guard lock(mutex_);
        return done_.empty() ? -2 : done_[0].sequence_number;
    }
    std::string owner() const {
        const std::lock_guard lock(mutex_);
        return held_.empty() ? "" : held_[0].owner;
    }
    void steal() {
        const std::lock_guard lock(mutex_);
        held_[0].owner = "another";
        held_[0].level += 1;
        held_[0].renewed = std::chrono::system_clock::now() + 1h;
    }

private:
    std::unique_lock<std::mutex> locked() {
        if (std::this_thread::get_id() == here_)
            elsewhere_ = false;
        return std::unique_lock(mutex_);
    }
    mutable std::mutex mutex_;
    std::vector<checkpoint> done_;
    std::vector<ownership> held_;
    const std::thread::id here_ = std::this_thread::get_id();
    std::atomic<bool> elsewhere_ = true;
};

class sharing : public reading {
protected:
    std::shared_ptr<memory_checkpoints> store = std::make_shared<memory_checkpoints>();
    event_options shared() const { return event_options().checkpoints(store).balanced(60ms); }
};

TEST_F(sharing, who_takes_over_goes_on_where_the_first_began) {
    {
        auto events = consumer(shared());
        events.async_next(next.handler());
        run_until([&] { return hub->credit_at(partition).has_value(); });
    }
    run_until([&] { return next.done() && store->owner().empty(); });
    EXPECT_EQ(store->done_up_to(), 41) << "though nothing has been read";
    EXPECT_TRUE(store->elsewhere()) << "it may block, and has been called where nothing may";

    of_partition = std::pair(200, with_last(50));
    auto second = consumer(shared());
    second.async_next(next.handler());
    run_until([&] { return hub->filters.size() == 2; });
    EXPECT_THAT(hub->filters[1], HasSubstr("x-opt-sequence-number > '41'"));
}

TEST_F(sharing, what_was_received_of_a_partition_that_is_lost_is_left_to_the_other) {
    auto events = consumer(shared());
    events.async_next(next.handler());
    run_until([&] { return hub->give(partition, numbered(42)); });
    run_until([&] { return next.done(); });
    ASSERT_TRUE(next.ok());
    const auto first = *next.value();
    hub->give(partition, numbered(43)); // waits here when the partition goes
    hub->on_link = [](const std::string& address) { return address == partition ? amqp::error("amqp:link:stolen", "") : amqp::error(); };
    store->steal();
    hub->detach(partition, amqp::error("amqp:link:stolen", "a higher level"));
    run_until([&] { return !hub->credit_at(partition).has_value(); });

    test::ending<> saved;
    events.async_checkpoint(first, saved.handler());
    run_until([&] { return saved.done(); });
    EXPECT_EQ(saved.reason(), errc::stolen);
    EXPECT_EQ(store->done_up_to(), 41);

    test::ending<std::optional<event>> after;
    events.async_next(after.handler());
    events.close();
    run_until([&] { return after.done(); });
    EXPECT_FALSE(after.value().has_value()) << "the other reader has it";
}

} // namespace
} // namespace capstan::client
