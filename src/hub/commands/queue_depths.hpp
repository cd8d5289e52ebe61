#pragma once
// How many commands each device, or module by its key, has that are not done with: what the registry shows of them.

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "store/command_queue.hpp"

namespace capstan::hub {

/// Thread-safe. Holds the names of devices that have commands, and until start_with() of those whose queue has changed.
class queue_depths {
public:
    std::size_t of(std::string_view device) const;
    void set(const std::string& device, std::size_t depth);
    /// What the store had at the hub's start: a queue that has told its depth since knows better.
    void start_with(const std::vector<store::expiring_command>& stored);

private:
    mutable std::mutex mutex_;
    boost::unordered_flat_map<std::string, std::size_t> depths_;
    std::optional<std::unordered_set<std::string>> changed_{std::in_place};
};

} // namespace capstan::hub
