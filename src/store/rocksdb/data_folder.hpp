#pragma once
// The folder that a store lives in, and the file CAPSTAN in it that says so: {"format": 1, "partitions": 4, "complete": true}.
// docs/format/store.md, section 5. The database itself is in the folder's sub-folder store/.

#include <filesystem>

#include <rocksdb/env.h>

#include "store/failure.hpp"
#include "store/telemetry_log.hpp"

namespace capstan::store {

/// Raised when a program that knows only this one could not read what is written.
inline constexpr int store_format = 3;

struct data_folder {
    std::filesystem::path database;
    bool make; ///< there is no database yet, or its making was cut short: then nothing was ever stored in it
};

/// Makes the folder if there is none. Refuses, before anything is written, one that is not this store's: see open_rocksdb_store.
outcome<data_folder> claim_data_folder(rocksdb::Env& env, const std::filesystem::path& folder, partition_id partitions);

/// To be called when the database is made: from now on it must be there.
outcome<void> complete_data_folder(rocksdb::Env& env, const std::filesystem::path& folder, partition_id partitions);

} // namespace capstan::store
