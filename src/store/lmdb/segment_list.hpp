#pragma once
// The segments of a log, from the oldest that is kept to the one that is written to.

#include <mutex>

#include "store/lmdb/segment.hpp"

namespace capstan::store::lmdb {

/// Thread-safe, but that add() and remove_before() are one thread's.
class segment_list {
public:
    struct place {
        std::filesystem::path folder; ///< of their own
        partition_id partitions;
        bool make;                    ///< none is there yet, and there never was one
        std::size_t size_max = 0;     ///< of a new segment; 0: what suits the disk
    };
    /// A list in which one is missing is refused.
    static outcome<std::unique_ptr<segment_list>> open(const place& where);

    std::shared_ptr<const segment> newest() const;
    /// That in which the event may be, and all that follow.
    std::vector<std::shared_ptr<const segment>> from(partition_id partition, sequence_number number) const;

    /// A new one to write to, durable. The one before it is only read from now on.
    outcome<void> add(std::span<const partition_state> begin);
    /// After a write to the newest that failed: LMDB lets nobody read a file that it could not write to, until it is opened anew. Only
    /// add() gives another to write to. False when it could not be opened.
    bool close_newest_to_writing();
    /// Removes the files of which nothing is kept any more. Who reads one still reads it to its end. False when one could not be removed.
    bool remove_before(std::span<const partition_state> kept);

private:
    segment_list(std::filesystem::path folder, partition_id partitions, std::size_t size_max)
        : folder_(std::move(folder)), partitions_(partitions), size_max_(size_max) {}
    outcome<void> open_all();
    outcome<void> drop_one_that_came_to_nothing();
    bool is_forgotten(std::span<const partition_state> kept) const;

    const std::filesystem::path folder_;
    const partition_id partitions_;
    const std::size_t size_max_; ///< of a new segment
    std::uint64_t last_number_ = 0;
    mutable std::mutex mutex_; ///< guards segments_
    std::vector<std::shared_ptr<const segment>> segments_;
};

} // namespace capstan::store::lmdb
