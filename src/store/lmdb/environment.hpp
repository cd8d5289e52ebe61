#pragma once
// LMDB's handles, each closed by who holds it; and how its errors become failures.

#include <filesystem>
#include <memory>
#include <utility>

#include <lmdb.h>

#include "base/bytes.hpp"
#include "store/failure.hpp"

namespace capstan::store::lmdb {

/// errc::full for all that says so: the disk, a quota, a limit on the size of files, LMDB's map; and for what else may be there again in a
/// moment: memory, open files.
failure to_failure(int code, std::string_view doing);

inline MDB_val value_of(bytes_view raw) { return {raw.size(), const_cast<std::uint8_t*>(raw.data())}; } // LMDB does not write to it
inline bytes_view view(const MDB_val& value) { return {static_cast<const std::uint8_t*>(value.mv_data), value.mv_size}; }

/// A file with several databases in it. One transaction writes at a time; any number read, each seeing what was there when it began.
class environment {
public:
    /// An empty one, to write to.
    static outcome<std::unique_ptr<environment>> make(const std::filesystem::path& file, unsigned databases, std::size_t size_max);
    enum class access {
        write, ///< by one at a time, in all processes
        read,  ///< nobody writes to it any more: it takes one open file, and no other beside it
    };
    static outcome<std::unique_ptr<environment>> open(const std::filesystem::path& file, unsigned databases, access how);
    ~environment() { mdb_env_close(handle_); }
    environment(const environment&) = delete;
    environment& operator=(const environment&) = delete;

    MDB_env* handle() const { return handle_; }
    std::size_t size() const; ///< bytes up to the last page that is, or was, in use
    std::size_t size_max() const; ///< bytes it can grow to
    std::size_t page_size() const;

private:
    explicit environment(MDB_env* handle) : handle_(handle) {}
    static outcome<std::unique_ptr<environment>> create(unsigned databases);
    outcome<void> open_file(const std::filesystem::path& file, access how);

    MDB_env* handle_;
};

/// What LMDB keeps beside a file that is written to.
std::filesystem::path lock_beside(const std::filesystem::path& file);

/// Aborted when it goes, unless it was committed.
class transaction {
public:
    enum class kind { read, write };
    static outcome<transaction> begin(const environment& of, kind what);
    ~transaction() { mdb_txn_abort(handle_); }
    transaction(transaction&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    transaction& operator=(transaction&&) = delete;

    MDB_txn* handle() const { return handle_; }
    /// Of a writing one: all of it is durable, or, with a failure, none of it is in the file.
    outcome<void> commit();

private:
    explicit transaction(MDB_txn* handle) : handle_(handle) {}
    MDB_txn* handle_;
};

} // namespace capstan::store::lmdb
