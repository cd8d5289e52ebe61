#pragma once
// The checksum of RocksDB's log, CRC-32C.

#include <cstddef>
#include <cstdint>

// RocksDB's own function, which its headers do not show. ISA-L's takes its place in the whole process: RocksDB's library is built for
// processors without an instruction for it, and its tables took more of a processor than all else that the store does with an event.
// The library calls the function by its name, and a program's own comes before a library's.
namespace rocksdb::crc32c {

/// Of `size` bytes behind those of which `crc` is the sum; 0 is that of none.
[[gnu::visibility("default")]] std::uint32_t Extend(std::uint32_t crc, const char* data, std::size_t size);

} // namespace rocksdb::crc32c
