#include "store/memory/command_queue.hpp"

#include <algorithm>

#include "store/reply.hpp"

namespace capstan::store {

void memory_command_queue::load(std::string device_id, reply_to<command_list> reply) {
    if (closed_)
        return answer(std::move(reply), std::unexpected(store_is_closed()));
    command_list list;
    {
        const std::lock_guard lock(mutex_);
        if (const auto device = devices_.find(device_id); device != devices_.end()) {
            list.next_sequence = device->second.next_sequence;
            for (const auto& [sequence, value] : device->second.commands)
                list.commands.push_back(value);
        }
    }
    answer(std::move(reply), std::move(list));
}

void memory_command_queue::put(std::string device_id, command value, reply_to<void> reply) {
    if (closed_)
        return answer(std::move(reply), std::unexpected(store_is_closed()));
    {
        const std::lock_guard lock(mutex_);
        put_locked(device_id, std::move(value));
    }
    answer(std::move(reply), {});
}

void memory_command_queue::put_locked(const std::string& device_id, command value) {
    remove_locked(device_id, value.sequence);
    expiry_.emplace(value.expires, device_id, value.sequence);
    device_queue& queue = devices_[device_id];
    queue.next_sequence = std::max(queue.next_sequence, value.sequence + 1);
    queue.commands.emplace(value.sequence, std::move(value));
}

void memory_command_queue::remove(std::string device_id, std::vector<std::uint64_t> sequences, std::vector<feedback_record> feedback,
                                  reply_to<void> reply) {
    if (closed_)
        return answer(std::move(reply), std::unexpected(store_is_closed()));
    {
        const std::lock_guard lock(mutex_);
        for (const std::uint64_t sequence : sequences)
            remove_locked(device_id, sequence);
        feedback_.append(std::move(feedback));
    }
    answer(std::move(reply), {});
}

void memory_command_queue::bury(std::string device_id, std::vector<command> dead, std::vector<feedback_record> feedback,
                                reply_to<void> reply) {
    if (closed_)
        return answer(std::move(reply), std::unexpected(store_is_closed()));
    {
        const std::lock_guard lock(mutex_);
        for (command& each : dead) {
            remove_locked(device_id, each.sequence);
            put_locked(dead_letters_of(device_id), std::move(each));
        }
        feedback_.append(std::move(feedback));
    }
    answer(std::move(reply), {});
}

void memory_command_queue::remove_locked(const std::string& device_id, std::uint64_t sequence) {
    const auto device = devices_.find(device_id);
    if (device == devices_.end())
        return;
    const auto found = device->second.commands.find(sequence);
    if (found == device->second.commands.end())
        return;
    expiry_.erase({found->second.expires, device_id, sequence});
    device->second.commands.erase(found);
}

void memory_command_queue::drop(std::string device_id, reply_to<void> reply) {
    if (closed_)
        return answer(std::move(reply), std::unexpected(store_is_closed()));
    drop_now(device_id);
    answer(std::move(reply), {});
}

void memory_command_queue::drop_now(const std::string& device_id) {
    const std::lock_guard lock(mutex_);
    drop_locked(device_id);
    drop_locked(dead_letters_of(device_id));
}

void memory_command_queue::drop_locked(const std::string& name) {
    const auto device = devices_.find(name);
    if (device == devices_.end())
        return;
    for (const auto& [sequence, value] : device->second.commands)
        expiry_.erase({value.expires, name, sequence});
    devices_.erase(device);
}

void memory_command_queue::expiring(wall_time time, std::size_t limit, reply_to<std::vector<expiring_command>> reply) {
    if (closed_)
        return answer(std::move(reply), std::unexpected(store_is_closed()));
    answer(std::move(reply), first_to_expire(time, limit));
}

std::vector<expiring_command> memory_command_queue::first_to_expire(wall_time time, std::size_t limit) const {
    const std::lock_guard lock(mutex_);
    std::vector<expiring_command> found;
    for (const auto& [expires, device_id, sequence] : expiry_) {
        if (expires > time || found.size() == limit)
            break;
        found.push_back({device_id, sequence, expires});
    }
    return found;
}

} // namespace capstan::store
