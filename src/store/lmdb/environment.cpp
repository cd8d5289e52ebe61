#include "store/lmdb/environment.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "store/reply.hpp"

namespace capstan::store::lmdb {
namespace {

constexpr mdb_mode_t readable_by_the_owner = 0600;

// A reader's transaction belongs to whoever holds it, not to its thread.
constexpr unsigned flags = MDB_NOSUBDIR | MDB_NOTLS;

/// LMDB maps it as large as it wants it, and writes there: where the disk has no space for that, the process would end. Gives errno.
int claim_lock(const std::filesystem::path& lock) {
    constexpr off_t size = 32 * 1024; // for 126 readers it takes 8 KiB
    const int file = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, readable_by_the_owner);
    if (file < 0)
        return errno;
    int code = EINTR;
    while (code == EINTR)
        code = ::posix_fallocate(file, 0, size);
    ::close(file);
    return code;
}

} // namespace

failure to_failure(int code, std::string_view doing) {
    const std::string text = fmt::format("{}: {}", doing, mdb_strerror(code));
    constexpr std::array full = {ENOSPC, EDQUOT, EFBIG, MDB_MAP_FULL, EMFILE, ENFILE, ENOMEM};
    if (std::ranges::find(full, code) != full.end())
        return {errc::full, text};
    const bool damaged = code == MDB_CORRUPTED || code == MDB_INVALID || code == MDB_PAGE_NOTFOUND || code == MDB_VERSION_MISMATCH;
    return {damaged ? errc::corrupt : errc::failed, text};
}

std::filesystem::path lock_beside(const std::filesystem::path& file) { return std::filesystem::path(file) += "-lock"; }

outcome<std::unique_ptr<environment>> environment::create(unsigned databases) {
    MDB_env* handle = nullptr;
    int code = mdb_env_create(&handle);
    if (code != 0)
        return std::unexpected(to_failure(code, "no memory for a database"));
    std::unique_ptr<environment> made(new environment(handle));
    code = mdb_env_set_maxdbs(handle, databases);
    if (code != 0)
        return std::unexpected(to_failure(code, "no memory for a database"));
    return made;
}

outcome<std::unique_ptr<environment>> environment::make(const std::filesystem::path& file, unsigned databases, std::size_t size_max) {
    auto made = create(databases);
    if (!made)
        return made;
    if (const int code = mdb_env_set_mapsize((*made)->handle_, size_max); code != 0)
        return std::unexpected(to_failure(code, fmt::format("cannot make {}", file.native())));
    if (const outcome<void> opened = (*made)->open_file(file, access::write); !opened)
        return std::unexpected(opened.error());
    return made;
}

outcome<std::unique_ptr<environment>> environment::open(const std::filesystem::path& file, unsigned databases, access how) {
    auto made = create(databases);
    if (!made)
        return made;
    if (const outcome<void> opened = (*made)->open_file(file, how); !opened)
        return std::unexpected(opened.error());
    std::error_code unknown;
    if (std::filesystem::file_size(file, unknown) < (*made)->size())
        return fail(errc::corrupt, fmt::format("{} is cut short: its end is missing", file.native()));
    return made;
}

outcome<void> environment::open_file(const std::filesystem::path& file, access how) {
    int code = how == access::write ? claim_lock(lock_beside(file)) : 0;
    if (code == 0)
        code = mdb_env_open(handle_, file.c_str(), how == access::write ? flags : flags | MDB_RDONLY | MDB_NOLOCK, readable_by_the_owner);
    if (code != 0)
        return std::unexpected(to_failure(code, fmt::format("cannot open {}", file.native())));
    return {};
}

std::size_t environment::page_size() const {
    MDB_stat stat{};
    mdb_env_stat(handle_, &stat);
    return stat.ms_psize;
}

std::size_t environment::size() const {
    MDB_envinfo info{};
    mdb_env_info(handle_, &info);
    return (info.me_last_pgno + 1) * page_size();
}

std::size_t environment::size_max() const {
    MDB_envinfo info{};
    mdb_env_info(handle_, &info);
    return info.me_mapsize;
}

outcome<transaction> transaction::begin(const environment& of, kind what) {
    MDB_txn* handle = nullptr;
    const int code = mdb_txn_begin(of.handle(), nullptr, what == kind::read ? MDB_RDONLY : 0, &handle);
    if (code != 0)
        return std::unexpected(to_failure(code, what == kind::read ? "cannot read" : "cannot write"));
    return transaction(handle);
}

outcome<void> transaction::commit() {
    if (const int code = mdb_txn_commit(std::exchange(handle_, nullptr)); code != 0)
        return std::unexpected(to_failure(code, "cannot write"));
    return {};
}

} // namespace capstan::store::lmdb
