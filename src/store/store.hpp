#pragma once
// One store: what a hub keeps, behind four interfaces. Two implementations, checked by the same suite (tests/store_contract):
// memory (tests, --ephemeral) and rocksdb (the default), which keeps events in LMDB files beside the database.

#include <filesystem>
#include <memory>

#include "base/clock.hpp"
#include "store/command_queue.hpp"
#include "store/device_registry.hpp"
#include "store/feedback_queue.hpp"
#include "store/telemetry_log.hpp"

namespace capstan::store {

/// Since the store was opened.
struct commit_counts {
    std::uint64_t rounds = 0;               ///< each one write and one sync
    std::uint64_t requests = 0;             ///< that were in them
    std::chrono::microseconds time{};       ///< that they took together

    commit_counts operator+(const commit_counts& more) const { return {rounds + more.rounds, requests + more.requests, time + more.time}; }
};

class store {
public:
    virtual ~store() = default;

    virtual telemetry_log& telemetry() = 0;
    virtual command_queue& commands() = 0;
    virtual feedback_queue& feedback() = 0;
    virtual device_registry& devices() = 0;

    virtual commit_counts commits() const = 0;

    /// None while writes are taken; otherwise why not (a full disk, a failed sync). A full store is tried again by itself.
    virtual std::optional<failure> trouble() const = 0;

    /// Finishes the commits that were asked for, then refuses more with errc::closed. Blocks; bounded by one commit. Called once,
    /// by the thread that owns the store, before the run queues of pending replies go away.
    virtual void close() = 0;
};

/// Keeps everything in memory, for tests and --ephemeral: "durable" here means until the process ends.
std::unique_ptr<store> open_memory_store(const wall_clock& clock, partition_id partitions);

struct rocksdb_options {
    std::filesystem::path folder;
    partition_id partitions; ///< fixed when the folder is made; another number for an existing folder is refused
};

/// Opens the folder, or makes it. Refuses, with a text for the operator, a folder that is not Capstan's, of another format, with
/// another number of partitions, in use by another process, unreadable or corrupt: never a silent fallback.
outcome<std::unique_ptr<store>> open_rocksdb_store(const wall_clock& clock, const rocksdb_options& options);

/// Looks a device up in a store that nobody has open, for tools beside a hub that does not run. Nothing is made or changed; who calls
/// sees to it that no hub opens the folder meanwhile. None where there is no such device, or no store yet.
outcome<std::optional<device>> read_rocksdb_device(const rocksdb_options& options, std::string_view id);

} // namespace capstan::store
