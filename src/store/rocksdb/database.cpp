#include "store/rocksdb/database.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include "store/rocksdb/log_check.hpp"

namespace capstan::store {
namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

/// What is in memory before it is written to the families' files, and what the log holds of it.
constexpr std::size_t write_buffers = 48 * mib;
constexpr std::size_t log_size_max = 64 * mib;

/// File systems in memory have none, and some others, of which a few say so only when they are written to. A folder that is not there
/// yet will be made where the one above it is.
bool has_direct_io(const std::filesystem::path& folder) {
    std::error_code unknown;
    const auto probe = (std::filesystem::exists(folder, unknown) ? folder : folder.parent_path()) / "direct-io";
    const int file = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_DIRECT, 0600);
    if (file < 0)
        return false;
    alignas(4 * kib) static constexpr char block[4 * kib]{};
    const bool taken = ::write(file, block, sizeof(block)) == sizeof(block) || errno != EINVAL;
    ::close(file);
    std::filesystem::remove(probe, unknown);
    return taken;
}

// Memory: everything here is allocated as it is used, so an empty store costs a few MiB. Under load it takes at most the write
// buffers (48 MiB in all), the block cache (16 MiB) and what is being flushed (as much as the write buffers
// again, for moments).
rocksdb::DBOptions database_options(const database::place& where, database::purpose why) {
    rocksdb::DBOptions options;
    options.env = where.env;
    options.create_if_missing = why == database::purpose::make;
    options.create_missing_column_families = why == database::purpose::make;
    options.paranoid_checks = true;
    // After a power cut the log may end in a torn record, which was never acknowledged; what was synced lies before it. Damage
    // anywhere else is a loss of what was acknowledged: for people to know of and to judge (see log_check.hpp for what this misses).
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
    options.db_write_buffer_size = write_buffers;
    options.max_total_wal_size = log_size_max; // bounds the disk it takes, and what a start after a crash replays
    // A reader holds on to all its files, as a writer that is opened beside it may remove them.
    options.max_open_files = why == database::purpose::read ? -1 : 512;
    // A start opens some files of each column family: as many threads for each of those, as RocksDB would have, take longer than that.
    options.max_file_opening_threads = 1;
    options.skip_stats_update_on_db_open = true; // it would read of many files how many deletions they hold
    options.max_background_jobs = 2;
    options.allow_concurrent_memtable_write = false; // there is one writer
    options.bytes_per_sync = mib;                    // flushes and compactions trickle to the disk, they do not jam the log's sync
    // What has been committed is written a second time when it leaves memory. By way of the page cache that cost a processor as much as
    // all that the hub itself does with an event, and drove from it what readers want.
    options.use_direct_io_for_flush_and_compaction = why != database::purpose::read && has_direct_io(where.folder);
    options.max_manifest_file_size = 4 * mib;
    // RocksDB's own LOG files: 4 MiB in all.
    options.max_log_file_size = mib;
    options.keep_log_file_num = 4;
    options.stats_dump_period_sec = 0;
    options.stats_persist_period_sec = 0;
    return options;
}

rocksdb::ColumnFamilyOptions family_options(const std::shared_ptr<rocksdb::Cache>& cache, std::size_t write_buffer) {
    rocksdb::ColumnFamilyOptions options;
    options.write_buffer_size = write_buffer;
    options.compression = rocksdb::kLZ4Compression;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    table.cache_index_and_filter_blocks = true; // so that the cache's bound holds for them too
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return options;
}

/// Looked up by whole keys, often ones that are not there.
rocksdb::ColumnFamilyOptions with_filter(rocksdb::ColumnFamilyOptions options) {
    options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>()->filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    return options;
}

/// A queue: files full of removed entries are compacted early, so that scans from the front do not wade through them.
rocksdb::ColumnFamilyOptions as_queue(rocksdb::ColumnFamilyOptions options) {
    options.table_properties_collector_factories.push_back(rocksdb::NewCompactOnDeletionCollectorFactory(1024, 512));
    return options;
}

/// In the order in which database's accessors count on them.
std::vector<rocksdb::ColumnFamilyDescriptor> all_families() {
    const auto cache = rocksdb::NewLRUCache(16 * mib, 2);
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    families.emplace_back(rocksdb::kDefaultColumnFamilyName, family_options(cache, mib));
    families.emplace_back("commands", as_queue(with_filter(family_options(cache, 8 * mib))));
    families.emplace_back("expiry", as_queue(family_options(cache, 2 * mib)));
    families.emplace_back("feedback", as_queue(family_options(cache, 2 * mib)));
    families.emplace_back("registry", with_filter(family_options(cache, 4 * mib)));
    return families;
}

failure damaged_log(const log_damage& damage) {
    return {errc::corrupt, fmt::format("{} is damaged at byte {}, and what was accepted later lies behind that. Bring the data folder back "
                                       "from a backup; or cut the file there (truncate -s {}), and that is lost",
                                       damage.file.native(), damage.offset, damage.offset)};
}

failure opening_failure(const rocksdb::Status& status, const std::filesystem::path& folder, const std::optional<log_damage>& damage) {
    const std::string text = status.ToString();
    if (status.IsCorruption() && damage)
        return damaged_log(*damage);
    if (status.IsIOError() && text.find("lock") != std::string::npos)
        return {errc::failed, fmt::format("{} is in use by another process: {}", folder.native(), text)};
    return to_failure(status, fmt::format("cannot open the store in {}", folder.native()));
}

} // namespace

outcome<std::shared_ptr<database>> database::open(const place& where, purpose why) {
    const std::optional<log_damage> damage = find_log_damage(where.folder);
    if (damage && !damage->torn)
        return std::unexpected(damaged_log(*damage));
    std::shared_ptr<database> opened(new database(why != purpose::read));
    const rocksdb::DBOptions options = database_options(where, why);
    const std::string folder = where.folder;
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status = why == purpose::read
                                       ? rocksdb::DB::OpenForReadOnly(options, folder, all_families(), &opened->families_, &db)
                                       : rocksdb::DB::Open(options, folder, all_families(), &opened->families_, &db);
    if (!status.ok())
        return std::unexpected(opening_failure(status, where.folder, damage));
    opened->db_.reset(db);
    return opened;
}

database::~database() {
    if (!db_)
        return;
    for (rocksdb::ColumnFamilyHandle* family : families_)
        db_->DestroyColumnFamilyHandle(family);
    db_->Close();
}

outcome<std::optional<std::string>> database::get(rocksdb::ColumnFamilyHandle* family, std::string_view key) {
    std::string value;
    const rocksdb::Status status = db_->Get({}, family, {key.data(), key.size()}, &value);
    if (status.IsNotFound())
        return std::nullopt;
    if (!status.ok())
        return std::unexpected(to_failure(status, fmt::format("cannot read from '{}'", family->GetName())));
    return value;
}

std::shared_ptr<const rocksdb::Snapshot> database::snapshot(std::shared_ptr<database> of) {
    const rocksdb::Snapshot* taken = of->db_->GetSnapshot();
    return {taken, [of = std::move(of)](const rocksdb::Snapshot* snapshot) { of->db_->ReleaseSnapshot(snapshot); }};
}

std::unique_ptr<rocksdb::Iterator> database::iterate(rocksdb::ColumnFamilyHandle* family, const rocksdb::ReadOptions& options) {
    return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(options, family));
}

/// The files that what is in memory, or in the log, is about to become.
std::uint64_t database::disk_reserve() const { return log_size_max; }

void database::flush() {
    db_->Flush({}, families_); // failing, it costs the next start a moment, nothing else: the log has it all
}

failure to_failure(const rocksdb::Status& status, std::string_view doing) {
    const std::string text = status.ToString();
    const bool quota = text.find(std::strerror(EDQUOT)) != text.npos; // RocksDB passes these two on as texts only
    const bool limit = text.find(std::strerror(EFBIG)) != text.npos;
    const errc code = status.IsNoSpace() || quota || limit ? errc::full : status.IsCorruption() ? errc::corrupt : errc::failed;
    return {code, fmt::format("{}: {}", doing, text)};
}

failure corrupt(std::string_view where, std::size_t size) {
    return {errc::corrupt, fmt::format("{} does not decode: {} bytes", where, size)};
}

} // namespace capstan::store
