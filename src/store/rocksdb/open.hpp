#pragma once

#include <chrono>

#include <rocksdb/env.h>

#include "store/store.hpp"

namespace capstan::store {

/// What only tests set: a disk that fails on demand, no second's wait for it to have space again, segments that are soon full.
struct rocksdb_surroundings {
    rocksdb::Env* env = rocksdb::Env::Default();    ///< outlives the store
    std::chrono::milliseconds retry_when_full{1000}; ///< often enough for people; each try costs a few file operations
    std::size_t segment_size = 0;                    ///< of the log of events, in bytes; 0: what suits the disk
};

outcome<std::unique_ptr<store>> open_rocksdb_store(const wall_clock& clock, const rocksdb_options& options,
                                                   const rocksdb_surroundings& surroundings);

} // namespace capstan::store
