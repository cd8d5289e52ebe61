#pragma once
// Where the parts of the store find the open database. It changes only when a disk was full: RocksDB 7.8 does not get over a
// write-ahead log that it could not write to the end (its Resume() leaves the torn log in use: RocksDB issue 11643), so the
// database is opened anew, from what the disk really holds.

#include <mutex>

#include "store/rocksdb/database.hpp"

namespace capstan::store {

class database_slot {
public:
    database_slot(database::place where, std::shared_ptr<database> opened) : where_(std::move(where)), current_(std::move(opened)) {}

    /// Thread-safe; does not block. Hold the result no longer than one request, and no member of it longer than the result.
    std::shared_ptr<database> get() const {
        const std::lock_guard lock(mutex_);
        return current_;
    }

    /// Replaces the database by a new opening of it. When that fails it can be read, but not written, until a later try succeeds.
    /// Waits for those who hold the old one; they go on reading all the time. By one thread at a time.
    outcome<void> reopen();

private:
    std::shared_ptr<database> exchange(std::shared_ptr<database> by);
    bool has_space() const;

    const database::place where_;
    mutable std::mutex mutex_; ///< guards current_
    std::shared_ptr<database> current_;
};

} // namespace capstan::store
