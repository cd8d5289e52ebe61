#pragma once

#include <atomic>
#include <map>
#include <mutex>

#include "store/device_registry.hpp"
#include "store/memory/command_queue.hpp"

namespace capstan::store {

class memory_device_registry final : public device_registry {
public:
    memory_device_registry(memory_command_queue& commands, const std::atomic<bool>& closed) : commands_(commands), closed_(closed) {}

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

private:
    std::optional<device> find_any(std::string_view id) const;
    bool full_of_modules(std::string_view device) const;
    void forget(const std::string& id);
    outcome<device> put_now(device value, const condition& when);
    outcome<device> remove_now(const std::string& id, const condition& when);

    memory_command_queue& commands_;
    const std::atomic<bool>& closed_;
    mutable std::mutex mutex_; ///< guards what follows
    std::map<std::string, std::shared_ptr<const device>, std::less<>> devices_;
    std::map<std::string, device_activity, std::less<>> activity_;
    device_counts counts_;
    std::uint64_t changes_ = 0;
};

} // namespace capstan::store
