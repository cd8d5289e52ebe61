#pragma once
// Looks for damage in RocksDB's write-ahead logs. RocksDB takes a record whose length points beyond the end of the log for one that
// a power cut has torn, and passes over it and all that follows; and it does not name the file of the damage that it does refuse.

#include <filesystem>
#include <optional>

namespace capstan::store {

struct log_damage {
    std::filesystem::path file;
    std::uint64_t offset;
    bool torn; ///< nothing that was begun later lies behind: a power cut, or a damage of what was written last, which look alike
};

/// The worst damage in the logs of the database: one that is not torn before one that is. Reads them whole: the bound on their size
/// (database.cpp) keeps that under a second, and after an orderly end they are empty.
std::optional<log_damage> find_log_damage(const std::filesystem::path& database);

} // namespace capstan::store
