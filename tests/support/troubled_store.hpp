#pragma once
// A memory store of which a test makes requests fail.

#include "store/reply.hpp"
#include "store/store.hpp"

namespace capstan::test {

class troubled_commands final : public store::command_queue {
public:
    explicit troubled_commands(store::command_queue& inner) : inner_(inner) {}
    std::optional<store::failure> when_loaded;
    std::size_t loads = 0;

    void load(std::string device_id, store::reply_to<store::command_list> reply) override {
        ++loads;
        if (when_loaded)
            return answer(std::move(reply), std::unexpected(*when_loaded));
        inner_.load(std::move(device_id), std::move(reply));
    }
    void put(std::string device_id, store::command value, store::reply_to<void> reply) override {
        inner_.put(std::move(device_id), std::move(value), std::move(reply));
    }
    void remove(std::string device_id, std::vector<std::uint64_t> sequences, std::vector<store::feedback_record> feedback,
                store::reply_to<void> reply) override {
        inner_.remove(std::move(device_id), std::move(sequences), std::move(feedback), std::move(reply));
    }
    void bury(std::string device_id, std::vector<store::command> dead, std::vector<store::feedback_record> feedback,
              store::reply_to<void> reply) override {
        inner_.bury(std::move(device_id), std::move(dead), std::move(feedback), std::move(reply));
    }
    void drop(std::string device_id, store::reply_to<void> reply) override { inner_.drop(std::move(device_id), std::move(reply)); }
    void expiring(wall_time time, std::size_t limit, store::reply_to<std::vector<store::expiring_command>> reply) override {
        inner_.expiring(time, limit, std::move(reply));
    }

private:
    store::command_queue& inner_;
};

class troubled_telemetry final : public store::telemetry_log {
public:
    explicit troubled_telemetry(store::telemetry_log& inner) : inner_(inner) {}
    std::optional<store::failure> when_trimmed, when_appended;

    store::partition_id partition_count() const override { return inner_.partition_count(); }
    void append(store::partition_id partition, store::event_batch batch, store::reply_to<void> reply) override {
        if (when_appended)
            return answer(std::move(reply), std::unexpected(*when_appended));
        inner_.append(partition, std::move(batch), std::move(reply));
    }
    void read(store::partition_id partition, store::sequence_number from, store::read_limits limits,
              store::reply_to<store::event_block> reply) override {
        inner_.read(partition, from, limits, std::move(reply));
    }
    void find_after(store::partition_id partition, wall_time time, store::reply_to<store::sequence_number> reply) override {
        inner_.find_after(partition, time, std::move(reply));
    }
    store::partition_state state(store::partition_id partition) const override { return inner_.state(partition); }
    watch_id watch(store::partition_id partition, run_queue& home, std::function<void(store::partition_state)> notify) override {
        return inner_.watch(partition, home, std::move(notify));
    }
    void unwatch(watch_id id) override { inner_.unwatch(id); }
    void trim(store::partition_id partition, wall_time time, store::reply_to<void> reply) override {
        if (when_trimmed)
            return answer(std::move(reply), std::unexpected(*when_trimmed));
        inner_.trim(partition, time, std::move(reply));
    }

private:
    store::telemetry_log& inner_;
};

class troubled_store final : public store::store {
public:
    explicit troubled_store(std::unique_ptr<capstan::store::store> inner)
        : inner_(std::move(inner)), commands_(inner_->commands()), telemetry_(inner_->telemetry()) {}

    troubled_telemetry& telemetry() override { return telemetry_; }
    troubled_commands& commands() override { return commands_; }
    capstan::store::feedback_queue& feedback() override { return inner_->feedback(); }
    capstan::store::device_registry& devices() override { return inner_->devices(); }
    capstan::store::commit_counts commits() const override { return inner_->commits(); }
    std::optional<capstan::store::failure> trouble() const override { return inner_->trouble(); }
    void close() override { inner_->close(); }

private:
    std::unique_ptr<capstan::store::store> inner_;
    troubled_commands commands_;
    troubled_telemetry telemetry_;
};

} // namespace capstan::test
