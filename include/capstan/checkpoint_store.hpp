#pragma once
// Where readers of events remember how far they have come, and who reads which partition.

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace capstan {

/// Up to where a partition has been read and dealt with.
class checkpoint {
public:
    checkpoint() = default;
    std::string partition;             ///< its id
    std::int64_t sequence_number = -1; ///< of the last event that is done; -1: none, and reading begins with the first
    std::string offset;                ///< of the same event
};

/// Who reads a partition.
class ownership {
public:
    ownership() = default;
    std::string partition; ///< its id
    std::string owner;    ///< a reader's own id; empty: given up
    std::int64_t level = 0; ///< rises with each change of the owner: the owner level that it attaches with
    std::chrono::system_clock::time_point renewed{}; ///< when the owner last said that it is there
};

/// For one event hub and consumer group. Called on a thread of its own, where it may block; each reader makes one call at a time. What it
/// throws is what the operation fails with: a client_error as it is, anything else as errc::invalid_argument.
class checkpoint_store {
public:
    virtual ~checkpoint_store() = default;

    /// Of all partitions that have one.
    virtual std::vector<checkpoint> checkpoints() = 0;
    /// In place of the partition's last one. On return it outlives a crash. `by`: the claim of a reader that shares partitions; when
    /// another has the partition by now (owner or level differ) nothing is saved, and client_error (stolen) is thrown.
    virtual void save(const checkpoint& done, const std::optional<ownership>& by) = 0;

    /// Of all partitions that were ever claimed.
    virtual std::vector<ownership> ownerships() = 0;
    /// Takes the partition for claim.owner if its ownership is still as in `seen` (none: nobody ever had it). False: another reader was
    /// faster.
    virtual bool claim(const ownership& claim, const std::optional<ownership>& seen) = 0;
};

/// A folder with one small file for each partition, written anew and renamed, so that a crash leaves the old one or the new one. Several
/// processes may share it, on one machine or on a file system with working locks.
std::shared_ptr<checkpoint_store> open_file_checkpoints(std::filesystem::path folder);

} // namespace capstan
