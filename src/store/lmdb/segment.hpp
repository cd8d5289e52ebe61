#pragma once
// A part of the telemetry log: an LMDB file that holds what came in a stretch of time, of all partitions. Nothing in it is ever removed
// or changed; when all of it has been forgotten the whole file goes. docs/format/store.md, section 3.

#include <optional>
#include <span>
#include <vector>

#include "store/lmdb/environment.hpp"
#include "store/telemetry_log.hpp"

namespace capstan::store::lmdb {

/// What has happened to the names in it is durable.
outcome<void> sync_folder(const std::filesystem::path& folder);

/// The name of a segment while it is being made.
std::filesystem::path unfinished(const std::filesystem::path& file);

class segment {
public:
    /// Makes the file, whole or not at all; what it begins with is in it, durably, and its name in the folder is, too.
    static outcome<std::shared_ptr<segment>> make(const std::filesystem::path& file, std::size_t size_max,
                                                  std::span<const partition_state> begin);
    static outcome<std::shared_ptr<segment>> open(const std::filesystem::path& file, partition_id partitions, environment::access how);

    const std::filesystem::path& file() const { return file_; }
    /// Thread-safe: what the partition's first event in it has, or would have.
    sequence_number first(partition_id partition) const { return firsts_.at(partition); }
    /// What the last trim left, or else where it begins: all of what it knows of its partitions, but for the records themselves.
    outcome<std::vector<partition_state>> states() const;

    /// Nothing but where it begins is in it: no record, no trim.
    outcome<bool> is_untouched() const;

    std::size_t size() const { return file_in_use_->size(); }
    /// Whether a round of so many bytes still goes in.
    bool has_room(std::size_t bytes) const { return end_with(bytes) <= file_in_use_->size_max(); }
    /// Whether one that is empty takes a round of so many bytes, and still has room for others.
    bool could_hold(std::size_t bytes) const { return 2 * bytes <= file_in_use_->size_max(); }
    /// By its writer, when such a round has failed: asks the disk for its space, and says so where that is what it failed for. LMDB takes
    /// a write that ended in the middle, as on a full disk, for a broken one.
    outcome<void> claim(std::size_t bytes) const;

    /// By its writer, between rounds: what has been on disk for a while leaves memory, see segment.cpp.
    void leave_memory() const;

    const environment& databases() const { return *file_in_use_; }
    MDB_dbi events(partition_id partition) const { return events_.at(partition); }
    MDB_dbi state() const { return state_; }
    std::size_t partition_count() const { return events_.size(); }

private:
    segment(std::filesystem::path file, std::unique_ptr<environment> in_use) : file_(std::move(file)), file_in_use_(std::move(in_use)) {}
    outcome<void> open_databases(MDB_txn* in, partition_id partitions, unsigned flags);
    void find_map(MDB_txn* in);
    std::size_t end_with(std::size_t bytes) const;
    static outcome<void> fill(const std::filesystem::path& file, std::size_t size_max, std::span<const partition_state> begin);
    outcome<partition_state> state_of(MDB_txn* in, partition_id partition) const;

    std::filesystem::path file_;
    std::unique_ptr<environment> file_in_use_;
    std::vector<MDB_dbi> events_;
    MDB_dbi state_{};
    std::vector<sequence_number> firsts_;
    mutable std::size_t left_ = 0; ///< the bytes up to here have left memory
    std::uint8_t* map_ = nullptr; ///< where the file begins in memory; null: not known
};

/// A round on its way into a segment: all of it, or nothing when it goes without commit().
class segment_writer {
public:
    static outcome<segment_writer> begin(const segment& into);

    /// `pieces` are joined. Records of a partition come in the order of their numbers.
    outcome<void> put_record(partition_id partition, sequence_number first, std::span<const bytes_view> pieces);
    /// What a trim leaves.
    outcome<void> put_state(partition_id partition, const partition_state& state);
    outcome<void> commit();

private:
    segment_writer(const segment& into, transaction in) : into_(into), in_(std::move(in)) {}
    const segment& into_;
    transaction in_;
};

/// Walks over the records of a partition in one segment. Keeps the segment's pages, and so what it shows, as they were when it began.
class segment_cursor {
public:
    static outcome<std::unique_ptr<segment_cursor>> open(std::shared_ptr<const segment> in, partition_id partition);
    ~segment_cursor();
    segment_cursor(const segment_cursor&) = delete;
    segment_cursor& operator=(const segment_cursor&) = delete;

    /// To the last record that begins at or before the number; or else to the first. False where there is none.
    outcome<bool> seek(sequence_number number);
    outcome<bool> last() { return move(MDB_LAST); }
    outcome<bool> next() { return move(MDB_NEXT); }

    sequence_number first() const; ///< of the record it is at
    /// The record as it was put. None: it is not what was written. Points into the file, for as long as the cursor is.
    std::optional<bytes_view> record() const;
    std::size_t size() const { return value_.mv_size; }
    /// The record has been copied: its pages of the file no longer count as this process's memory.
    void let_go() const;

private:
    segment_cursor(std::shared_ptr<const segment> in, transaction reading) : in_(std::move(in)), reading_(std::move(reading)) {}
    outcome<bool> move(MDB_cursor_op how);

    std::shared_ptr<const segment> in_;
    transaction reading_;
    MDB_cursor* at_ = nullptr;
    MDB_val key_{}, value_{};
};

} // namespace capstan::store::lmdb
