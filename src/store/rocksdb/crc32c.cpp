#include "store/rocksdb/crc32c.hpp"

#include "store/checksum.hpp"

std::uint32_t rocksdb::crc32c::Extend(std::uint32_t crc, const char* data, std::size_t size) {
    return capstan::store::crc32c(crc, capstan::as_bytes({data, size}));
}
