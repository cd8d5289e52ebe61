#pragma once

#include <memory>
#include <mutex>

#include "store/device_registry.hpp"
#include "store/rocksdb/recent.hpp"

namespace capstan::store {

/// Devices and modules as they were decoded: each message to a device asks for its record, and JSON takes longer to read than the
/// rest of the message's way. Thread-safe.
class device_cache {
public:
    /// About 600 bytes each: 10 MB at most, for 8,192 devices that are certain to be here.
    static constexpr std::size_t size = 8 * 1024;

    using number = std::uint64_t;
    struct answer {
        std::shared_ptr<const device> found; ///< null: not known here
        number as_of;                        ///< for keep()
    };
    answer find(const std::string& key) {
        const std::lock_guard lock(mutex_);
        const auto* const found = devices_.find(key);
        answer told{found ? *found : nullptr, changes_};
        devices_.age(); // what is found becomes young, too
        return told;
    }
    /// What was read from the database after find(); if something has been changed since, it may be old and is not kept.
    void keep(std::shared_ptr<const device> read, number as_of) {
        const std::lock_guard lock(mutex_);
        if (as_of != changes_)
            return;
        devices_.at(read->id) = std::move(read);
        devices_.age();
    }
    /// It has been changed or removed in the database.
    void forget(const std::string& key) {
        const std::lock_guard lock(mutex_);
        ++changes_;
        devices_.erase(key);
    }
    void clear() {
        const std::lock_guard lock(mutex_);
        ++changes_;
        devices_.clear();
    }
    /// How many are here: twice `size` at most.
    std::size_t count() const {
        const std::lock_guard lock(mutex_);
        return devices_.count();
    }

private:
    mutable std::mutex mutex_; ///< guards what follows
    recent<std::shared_ptr<const device>> devices_{size};
    number changes_ = 0;
};

} // namespace capstan::store
