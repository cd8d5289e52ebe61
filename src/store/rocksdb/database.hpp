#pragma once
// The RocksDB database behind the store: its column families, its options, and how its errors become failures.

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include <rocksdb/db.h>

#include "store/failure.hpp"

namespace capstan::store {

class database {
public:
    struct place {
        std::filesystem::path folder;
        rocksdb::Env* env; ///< outlives the database
    };
    enum class purpose {
        make,    ///< it may be missing, in whole or in part
        write,   ///< at most one at a time, in all processes
        read,    ///< writes nothing; what is written meanwhile is not seen
    };

    static outcome<std::shared_ptr<database>> open(const place& where, purpose why);
    ~database();

    bool writable() const { return writable_; }
    std::filesystem::path folder() const { return db_->GetName(); }
    /// How many bytes of the disk must stay free: RocksDB writes fewer by itself, between two commits and when it is opened after a crash.
    std::uint64_t disk_reserve() const;

    rocksdb::DB& db() { return *db_; }
    rocksdb::ColumnFamilyHandle* meta() { return families_[0]; }
    rocksdb::ColumnFamilyHandle* commands() { return families_[1]; }
    rocksdb::ColumnFamilyHandle* expiry() { return families_[2]; }
    rocksdb::ColumnFamilyHandle* feedback() { return families_[3]; }
    rocksdb::ColumnFamilyHandle* registry() { return families_[4]; }

    /// None when there is no such key.
    outcome<std::optional<std::string>> get(rocksdb::ColumnFamilyHandle* family, std::string_view key);
    /// Keeps the database open as well.
    static std::shared_ptr<const rocksdb::Snapshot> snapshot(std::shared_ptr<database> of);
    std::unique_ptr<rocksdb::Iterator> iterate(rocksdb::ColumnFamilyHandle* family, const rocksdb::ReadOptions& options = {});

    /// Moves what is only in the write-ahead log to its place, so that the next opening has nothing to replay.
    void flush();

private:
    explicit database(bool writable) : writable_(writable) {}

    bool writable_;
    std::unique_ptr<rocksdb::DB> db_;
    std::vector<rocksdb::ColumnFamilyHandle*> families_; ///< owned through db_
};

/// errc::full for all that says so: the disk, a quota, a limit on the size of files.
failure to_failure(const rocksdb::Status& status, std::string_view doing);
/// `where` says what does not decode; `size` is how many bytes of it there are.
failure corrupt(std::string_view where, std::size_t size);

} // namespace capstan::store
