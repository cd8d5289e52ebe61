#pragma once
// What the contract's tests share: the fixture that opens either store, and requests that wait for their answer.

#include <functional>
#include <ostream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/rocksdb/open.hpp"
#include "store/store.hpp"
#include "support/manual_clock.hpp"
#include "support/manual_run_queue.hpp"
#include "support/temporary_folder.hpp"

namespace capstan::store {

inline void PrintTo(const failure& value, std::ostream* out) { *out << "failure " << static_cast<int>(value.code) << ": " << value.text; }

} // namespace capstan::store

namespace capstan::test {

inline wall_time at_ms(std::int64_t milliseconds) { return wall_time(std::chrono::milliseconds(milliseconds)); }

/// Makes a request and runs the queue until it is answered.
template<class T> store::outcome<T> ask(manual_run_queue& queue, std::type_identity_t<std::function<void(store::reply_to<T>)>> request) {
    std::optional<store::outcome<T>> answered;
    request({queue, [&](store::outcome<T> result) { answered = std::move(result); }});
    EXPECT_FALSE(answered) << "answered inside the call";
    if (!queue.run_until([&] { return answered.has_value(); }))
        return std::unexpected(store::failure{store::errc::failed, "never answered"});
    return *std::move(answered);
}

/// A batch of events that are told apart by their texts.
inline store::event_batch batch_of(std::initializer_list<std::string_view> texts) {
    store::event_batch batch;
    for (const std::string_view text : texts) {
        const bytes_view whole = as_bytes(text);
        const bytes_view pieces[] = {whole.first(text.size() / 2), whole.subspan(text.size() / 2)};
        batch.add(1, as_bytes("KV"), pieces);
    }
    return batch;
}

inline std::vector<std::string> texts_of(const store::event_block& block) {
    std::vector<std::string> texts;
    for (const store::event_view& event : block.events)
        texts.emplace_back(as_text(event.message));
    return texts;
}

inline store::command command_of(std::uint64_t sequence, std::int64_t expires_ms, std::string_view text = "turn left") {
    store::command value;
    value.sequence = sequence;
    value.enqueued = at_ms(1'000'000);
    value.expires = at_ms(expires_ms);
    value.message.assign(as_bytes(text).begin(), as_bytes(text).end());
    return value;
}

inline store::device device_of(std::string id, bool enabled = true) {
    store::device value;
    value.id = std::move(id);
    value.enabled = enabled;
    return value;
}

inline constexpr store::read_limits no_limits{1'000'000, 1'000'000'000};

/// Requests that wait, so that a test reads as a story.
class asking {
public:
    asking(store::store& of, manual_run_queue& on) : store_(of), queue_(on) {}

    store::outcome<void> append(store::partition_id partition, store::event_batch batch) {
        return ask<void>(queue_, [&](auto reply) { store_.telemetry().append(partition, std::move(batch), std::move(reply)); });
    }
    store::outcome<store::event_block> read(store::partition_id partition, store::sequence_number from,
                                            store::read_limits limits = no_limits) {
        return ask<store::event_block>(queue_, [&](auto reply) { store_.telemetry().read(partition, from, limits, std::move(reply)); });
    }
    store::outcome<store::sequence_number> find_after(store::partition_id partition, wall_time time) {
        return ask<store::sequence_number>(queue_, [&](auto reply) { store_.telemetry().find_after(partition, time, std::move(reply)); });
    }
    store::outcome<void> trim(store::partition_id partition, wall_time time) {
        return ask<void>(queue_, [&](auto reply) { store_.telemetry().trim(partition, time, std::move(reply)); });
    }
    store::outcome<void> put(std::string device, store::command value) {
        return ask<void>(queue_, [&](auto reply) { store_.commands().put(device, std::move(value), std::move(reply)); });
    }
    store::outcome<void> remove(std::string device, std::vector<std::uint64_t> sequences,
                                std::vector<store::feedback_record> feedback = {}) {
        return ask<void>(queue_, [&](auto reply) { store_.commands().remove(device, sequences, std::move(feedback), std::move(reply)); });
    }
    store::outcome<store::command_list> load(std::string device) {
        return ask<store::command_list>(queue_, [&](auto reply) { store_.commands().load(device, std::move(reply)); });
    }
    store::outcome<void> bury(std::string device, std::vector<store::command> dead, std::vector<store::feedback_record> feedback = {}) {
        return ask<void>(queue_,
                         [&](auto reply) { store_.commands().bury(device, std::move(dead), std::move(feedback), std::move(reply)); });
    }
    store::outcome<void> drop(std::string device) {
        return ask<void>(queue_, [&](auto reply) { store_.commands().drop(device, std::move(reply)); });
    }
    /// As "device/sequence", in the order of expiry.
    std::vector<std::string> expiring(std::int64_t ms, std::size_t limit = 1000) {
        const auto found = ask<std::vector<store::expiring_command>>(
            queue_, [&](auto reply) { store_.commands().expiring(at_ms(ms), limit, std::move(reply)); });
        std::vector<std::string> texts;
        for (const store::expiring_command& one : found.value())
            texts.push_back(one.device_id + "/" + std::to_string(one.sequence));
        return texts;
    }
    store::outcome<std::vector<store::feedback_record>> feedback(std::uint64_t from = 0, std::size_t limit = 1000) {
        return ask<std::vector<store::feedback_record>>(queue_, [&](auto reply) { store_.feedback().read(from, limit, std::move(reply)); });
    }
    store::outcome<void> remove_feedback(std::uint64_t first, std::uint64_t last) {
        return ask<void>(queue_, [&](auto reply) { store_.feedback().remove(first, last, std::move(reply)); });
    }
    store::outcome<store::device> put(store::device value, store::condition when) {
        return ask<store::device>(queue_, [&](auto reply) { store_.devices().put(std::move(value), when, std::move(reply)); });
    }
    store::outcome<void> keep_activity(std::vector<store::device_activity> seen) {
        return ask<void>(queue_, [&](auto reply) { store_.devices().keep_activity(std::move(seen), std::move(reply)); });
    }
    store::outcome<store::device> remove_device(std::string id, store::condition when) {
        return ask<store::device>(queue_, [&](auto reply) { store_.devices().remove(std::move(id), when, std::move(reply)); });
    }

private:
    store::store& store_;
    manual_run_queue& queue_;
};

/// Each of the contract's tests runs with both stores.
class contract : public testing::TestWithParam<std::string> {
public:
    static constexpr store::partition_id partitions = 3;

protected:
    contract() { open(); }
    ~contract() override { close(); }

    void open() {
        if (GetParam() == "memory") {
            store_ = store::open_memory_store(clock_, partitions);
        } else {
            auto opened = store::open_rocksdb_store(clock_, {folder_.path() / "data", partitions});
            ASSERT_TRUE(opened) << opened.error().text;
            store_ = *std::move(opened);
        }
        ask_.emplace(*store_, queue_);
    }
    void close() {
        store_->close();
        queue_.drain();
        store_.reset();
    }

    temporary_folder folder_;
    manual_clock clock_{at_ms(1'000'000)};
    manual_run_queue queue_; // outlives the store
    std::unique_ptr<store::store> store_;
    std::optional<asking> ask_;
};

} // namespace capstan::test
