#include "store/lmdb/segment.hpp"

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fmt/format.h>

#include "store/checksum.hpp"
#include "store/encoding.hpp"
#include "store/lmdb/records.hpp"
#include "store/reply.hpp"

namespace capstan::store::lmdb {
namespace {

constexpr std::size_t checksum_size = 4;

// In `state`: where a partition is when the segment begins, and what the last trim left since.
constexpr std::string_view first_key = "first", trimmed_key = "trimmed";

bytes key_of(std::string_view what, partition_id partition) {
    bytes key(what.begin(), what.end());
    put_fixed(key, partition);
    return key;
}

bytes key_of(sequence_number number) {
    bytes key;
    put_fixed(key, number);
    return key;
}

/// None when there is none, or when it does not decode, which is a failure.
outcome<std::optional<partition_state>> state_in(MDB_txn* in, MDB_dbi of, std::string_view what, partition_id partition) {
    const bytes name = key_of(what, partition);
    MDB_val key = value_of(name), value{};
    const int code = mdb_get(in, of, &key, &value);
    if (code == MDB_NOTFOUND)
        return std::nullopt;
    if (code != 0)
        return std::unexpected(to_failure(code, fmt::format("cannot read the state of partition {}", partition)));
    const auto decoded = records::decode_state(view(value));
    if (!decoded)
        return fail(errc::corrupt, fmt::format("the state of partition {} does not decode: {} bytes", partition, value.mv_size));
    return decoded;
}

outcome<void> put(MDB_txn* in, MDB_dbi into, const bytes& name, const bytes& content) {
    MDB_val key = value_of(name), value = value_of(content);
    if (const int code = mdb_put(in, into, &key, &value, 0); code != 0)
        return std::unexpected(to_failure(code, "cannot write"));
    return {};
}

} // namespace

// ---- the segment

outcome<void> segment::open_databases(MDB_txn* in, partition_id partitions, unsigned flags) {
    int code = mdb_dbi_open(in, "state", flags, &state_);
    for (partition_id partition = 0; partition < partitions && code == 0; ++partition)
        code = mdb_dbi_open(in, fmt::format("events.{}", partition).c_str(), flags, &events_.emplace_back());
    if (code == MDB_NOTFOUND)
        return fail(errc::corrupt, fmt::format("{} does not say what is in it", file_.native()));
    if (code != 0)
        return std::unexpected(to_failure(code, fmt::format("cannot open {}", file_.native())));
    return {};
}

std::filesystem::path unfinished(const std::filesystem::path& file) { return std::filesystem::path(file) += ".new"; }

outcome<void> sync_folder(const std::filesystem::path& folder) {
    const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int code = opened >= 0 && ::fsync(opened) == 0 ? 0 : errno;
    if (opened >= 0)
        ::close(opened);
    if (code != 0)
        return std::unexpected(to_failure(code, fmt::format("cannot sync {}", folder.native())));
    return {};
}

outcome<std::shared_ptr<segment>> segment::make(const std::filesystem::path& file, std::size_t size_max,
                                                std::span<const partition_state> begin) {
    const std::filesystem::path young = unfinished(file);
    std::error_code error;
    std::filesystem::remove(young, error); // what a try before has left
    outcome<void> done = fill(young, size_max, begin);
    std::filesystem::remove(lock_beside(young), error);
    if (done)
        std::filesystem::rename(young, file, error);
    if (done && error)
        done = std::unexpected(to_failure(error.value(), fmt::format("cannot make {}", file.native())));
    if (done)
        done = sync_folder(file.parent_path());
    if (done)
        return open(file, static_cast<partition_id>(begin.size()), environment::access::write);
    std::filesystem::remove(young, error);
    std::filesystem::remove(file, error);
    return std::unexpected(done.error());
}

outcome<void> segment::fill(const std::filesystem::path& file, std::size_t size_max, std::span<const partition_state> begin) {
    const auto partitions = static_cast<partition_id>(begin.size());
    auto in_use = environment::make(file, partitions + 1u, size_max);
    if (!in_use)
        return std::unexpected(in_use.error());
    segment made(file, *std::move(in_use));
    auto writing = transaction::begin(*made.file_in_use_, transaction::kind::write);
    if (!writing)
        return std::unexpected(writing.error());
    outcome<void> done = made.open_databases(writing->handle(), partitions, MDB_CREATE);
    for (partition_id partition = 0; partition < partitions && done; ++partition)
        done = put(writing->handle(), made.state_, key_of(first_key, partition), records::encode(begin[partition]));
    return done ? writing->commit() : done;
}

outcome<std::shared_ptr<segment>> segment::open(const std::filesystem::path& file, partition_id partitions, environment::access how) {
    auto in_use = environment::open(file, partitions + 1u, how);
    if (!in_use)
        return std::unexpected(in_use.error());
    std::shared_ptr<segment> opened(new segment(file, *std::move(in_use)));
    auto reading = transaction::begin(*opened->file_in_use_, transaction::kind::read);
    if (!reading)
        return std::unexpected(reading.error());
    outcome<void> done = opened->open_databases(reading->handle(), partitions, 0);
    for (partition_id partition = 0; partition < partitions && done; ++partition) {
        const auto begin = state_in(reading->handle(), opened->state_, first_key, partition);
        if (!begin || !*begin)
            return fail(errc::corrupt, fmt::format("{} does not say where it begins", file.native()));
        opened->firsts_.push_back((*begin)->next);
    }
    if (!done)
        return std::unexpected(done.error());
    opened->find_map(reading->handle());
    if (const outcome<void> kept = reading->commit(); !kept) // what it has opened stays open
        return std::unexpected(kept.error());
    return opened;
}

outcome<std::vector<partition_state>> segment::states() const {
    const auto reading = transaction::begin(*file_in_use_, transaction::kind::read);
    if (!reading)
        return std::unexpected(reading.error());
    std::vector<partition_state> found;
    for (partition_id partition = 0; partition < events_.size(); ++partition) {
        const auto state = state_of(reading->handle(), partition);
        if (!state)
            return std::unexpected(state.error());
        found.push_back(*state);
    }
    return found;
}

outcome<bool> segment::is_untouched() const {
    const auto reading = transaction::begin(*file_in_use_, transaction::kind::read);
    if (!reading)
        return std::unexpected(reading.error());
    MDB_stat in{};
    mdb_stat(reading->handle(), state_, &in);
    bool untouched = in.ms_entries == events_.size();
    for (const MDB_dbi events : events_) {
        mdb_stat(reading->handle(), events, &in);
        untouched &= in.ms_entries == 0;
    }
    return untouched;
}

outcome<partition_state> segment::state_of(MDB_txn* in, partition_id partition) const {
    auto known = state_in(in, state_, trimmed_key, partition);
    if (known && !*known)
        known = state_in(in, state_, first_key, partition);
    if (!known)
        return std::unexpected(known.error());
    return known->value_or(partition_state{});
}

/// A value takes whole pages, and the trees above it some more.
std::size_t segment::end_with(std::size_t bytes) const {
    return file_in_use_->size() + bytes + bytes / 8 + (64 + 8 * events_.size()) * file_in_use_->page_size();
}

outcome<void> segment::claim(std::size_t bytes) const {
    int file = -1;
    mdb_env_get_fd(file_in_use_->handle(), &file);
    const auto end = static_cast<off_t>(std::min(end_with(bytes), file_in_use_->size_max()));
    const bool taken = ::fallocate(file, 0, 0, end) == 0;
    if (!taken && errno != EOPNOTSUPP) // which not every file system can do
        return std::unexpected(to_failure(errno, "cannot write"));
    return {};
}

// Pages that are written and hardly read again soon, at hundreds of megabytes a second: as fresh memory each costs its zeroing, or, in a
// virtual machine, the host's giving it; and they drive from the cache what others want. The newest stay, for readers at the tail. What
// is looked at in a map counts as the process's memory, with the pages around it.
constexpr std::size_t cached_size = 64 * 1024 * 1024;
constexpr std::size_t cached_step = 4 * 1024 * 1024;

void segment::leave_memory() const {
    const std::size_t end = file_in_use_->size();
    if (end < left_ + cached_size + cached_step)
        return;
    const std::size_t size = end - cached_size - left_;
    if (map_)
        ::madvise(map_ + left_, size, MADV_DONTNEED); // of a file, shared: what is in its pages stays
    int file = -1;
    mdb_env_get_fd(file_in_use_->handle(), &file);
    ::posix_fadvise(file, static_cast<off_t>(left_), static_cast<off_t>(size), POSIX_FADV_DONTNEED);
    left_ += size;
}

/// LMDB does not say. The system does, of any place in it.
void segment::find_map(MDB_txn* in) {
    const bytes name = key_of(first_key, 0);
    MDB_val key = value_of(name), value{};
    if (mdb_get(in, state_, &key, &value) != 0)
        return;
    const auto inside = reinterpret_cast<std::uintptr_t>(value.mv_data);
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        std::uintptr_t begin = 0, end = 0;
        if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR, &begin, &end) == 2 && begin <= inside && inside < end)
            map_ = reinterpret_cast<std::uint8_t*>(begin);
    }
}

// ---- writing

outcome<void> segment_writer::commit() {
    outcome<void> done = in_.commit();
    into_.leave_memory();
    return done;
}

outcome<segment_writer> segment_writer::begin(const segment& into) {
    auto in = transaction::begin(into.databases(), transaction::kind::write);
    if (!in)
        return std::unexpected(in.error());
    return segment_writer(into, *std::move(in));
}

/// Straight into the page that will be written: no copy comes between.
outcome<void> segment_writer::put_record(partition_id partition, sequence_number first, std::span<const bytes_view> pieces) {
    const bytes number = key_of(first);
    std::size_t size = checksum_size;
    for (const bytes_view piece : pieces)
        size += piece.size();
    MDB_val key = value_of(number), value{size, nullptr};
    if (const int code = mdb_put(in_.handle(), into_.events(partition), &key, &value, MDB_RESERVE | MDB_APPEND); code != 0)
        return std::unexpected(to_failure(code, fmt::format("cannot write to partition {}", partition)));
    auto* at = static_cast<std::uint8_t*>(value.mv_data) + checksum_size;
    std::uint32_t sum = crc32c(0, number);
    for (const bytes_view piece : pieces) {
        std::memcpy(at, piece.data(), piece.size());
        sum = crc32c(sum, {at, piece.size()});
        at += piece.size();
    }
    bytes checksum;
    put_fixed(checksum, sum);
    std::memcpy(value.mv_data, checksum.data(), checksum_size);
    return {};
}

outcome<void> segment_writer::put_state(partition_id partition, const partition_state& state) {
    return put(in_.handle(), into_.state(), key_of(trimmed_key, partition), records::encode(state));
}

// ---- reading

outcome<std::unique_ptr<segment_cursor>> segment_cursor::open(std::shared_ptr<const segment> in, partition_id partition) {
    auto reading = transaction::begin(in->databases(), transaction::kind::read);
    if (!reading)
        return std::unexpected(reading.error());
    const MDB_dbi of = in->events(partition);
    std::unique_ptr<segment_cursor> opened(new segment_cursor(std::move(in), *std::move(reading)));
    if (const int code = mdb_cursor_open(opened->reading_.handle(), of, &opened->at_); code != 0)
        return std::unexpected(to_failure(code, fmt::format("cannot read partition {}", partition)));
    return opened;
}

segment_cursor::~segment_cursor() {
    if (at_)
        mdb_cursor_close(at_);
}

outcome<bool> segment_cursor::move(MDB_cursor_op how) {
    const int code = mdb_cursor_get(at_, &key_, &value_, how);
    if (code != 0 && code != MDB_NOTFOUND)
        return std::unexpected(to_failure(code, fmt::format("cannot read {}", in_->file().native())));
    return code == 0;
}

outcome<bool> segment_cursor::seek(sequence_number number) {
    const bytes wanted = key_of(number);
    key_ = value_of(wanted);
    const outcome<bool> at_or_behind = move(MDB_SET_RANGE);
    if (!at_or_behind)
        return at_or_behind;
    if (!*at_or_behind)
        return last();
    if (first() == number)
        return true;
    const outcome<bool> before = move(MDB_PREV);
    return before && !*before ? move(MDB_FIRST) : before;
}

sequence_number segment_cursor::first() const { return bytes_reader(view(key_)).fixed<std::uint64_t>(); }

std::optional<bytes_view> segment_cursor::record() const {
    bytes_reader in(view(value_));
    const auto written = in.fixed<std::uint32_t>();
    const bytes_view record = in.take(in.remaining());
    if (!in.ok() || written != crc32c(crc32c(0, view(key_)), record))
        return std::nullopt;
    return record;
}

void segment_cursor::let_go() const {
    const std::size_t page = in_->databases().page_size();
    const auto begin = (reinterpret_cast<std::uintptr_t>(value_.mv_data) + page - 1) / page * page;
    const auto end = (reinterpret_cast<std::uintptr_t>(value_.mv_data) + value_.mv_size) / page * page;
    if (begin < end)
        ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED); // of a file, shared: what is in its pages stays
}

} // namespace capstan::store::lmdb
