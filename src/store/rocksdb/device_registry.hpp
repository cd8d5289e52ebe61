#pragma once

#include <mutex>
#include <unordered_map>

#include "store/device_registry.hpp"
#include "store/rocksdb/command_queue.hpp"
#include "store/rocksdb/device_cache.hpp"
#include "store/rocksdb/values.hpp"

namespace capstan::store {

/// A device, or a module by its key, as it is in the database.
outcome<std::optional<device>> stored(database& data, std::string_view id);

/// Conditions are decided by the committer's thread, one after the other, against what is durable and what its open round
/// changes. Counts are kept, not counted: a start is as fast with a million devices as with none.
class rocksdb_device_registry final : public device_registry, public round_member {
public:
    rocksdb_device_registry(database_slot& data, committer& writes, rocksdb_command_queue& commands)
        : data_(data), writes_(writes), commands_(commands) {}

    std::optional<device> find(std::string_view id) const override;
    std::vector<device> list(std::string_view after, std::size_t limit) const override;
    device_counts count() const override;
    std::optional<device> find_module(std::string_view device, std::string_view module) const override;
    std::shared_ptr<const device> look_up(const std::string& key) const override;
    std::vector<device> list_modules(std::string_view device) const override;
    void put(device value, condition when, reply_to<device> reply) override;
    void remove(std::string id, condition when, reply_to<device> reply) override;
    std::optional<device_activity> activity(std::string_view id) const override;
    void keep_activity(std::vector<device_activity> seen, reply_to<void> reply) override;

    outcome<void> recover(database& data) override;
    void seal(write_round& round) override;
    void committed() override;
    void abandoned() override;

private:
    outcome<device> put_now(device value, const condition& when, write_round& round);
    outcome<device> remove_now(const std::string& id, const condition& when, write_round& round);
    outcome<void> keep_activity_now(const std::vector<device_activity>& seen, write_round& round);
    std::vector<std::string> modules_in_round(const std::string& id, database& data) const;
    void erase(const std::string& key, write_round& round);
    outcome<std::optional<device>> in_round(database& data, const std::string& id) const;

    database_slot& data_;
    committer& writes_;
    rocksdb_command_queue& commands_;
    mutable device_cache cache_;
    std::unordered_map<std::string, std::optional<device>> round_; ///< what the open round changes; committer's thread only
    values::registry_state after_round_;                           ///< likewise; between rounds what is durable
    mutable std::mutex mutex_;                                     ///< guards state_
    values::registry_state state_;
};

} // namespace capstan::store
