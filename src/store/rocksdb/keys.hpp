#pragma once
// The whole key schema. Integers are big-endian, so that RocksDB's bytewise order is their order. Values: values.hpp.
// docs/format/store.md, section 3, says the same in prose.
//
//   column family  key                                              value
//   commands       device id, 00                                    next sequence number of the device
//                  device id, 00, sequence number u64               command
//   expiry         expires u64 (ms), then the key in `commands`     nothing
//   feedback       sequence number u64                              feedback record
//   registry       device id                                        device, JSON
//   default        "feedback"                                       next sequence number, as of the last removal
//                  "activity" device id                              when it was last heard of
//                  "registry"                                       counts and number of the last change
//
// A device id holds no byte 00 (contract/semantics.md, section 7: letters, digits and some punctuation).

#include <algorithm>
#include <string>
#include <string_view>

#include <rocksdb/slice.h>

#include "base/clock.hpp"
#include "store/encoding.hpp"

namespace capstan::store::keys {

/// In feedback.
inline std::string sequence(std::uint64_t number) {
    std::string key;
    put_fixed(key, number);
    return key;
}

/// Also the prefix of all keys of the device in `commands`.
inline std::string device_head(std::string_view device_id) { return std::string(device_id) + '\0'; }
/// Greater than all keys of the device in `commands`, not greater than those of any other that follows.
inline std::string device_end(std::string_view device_id) { return std::string(device_id) + '\1'; }

inline std::string command(std::string_view device_id, std::uint64_t number) {
    std::string key;
    key.reserve(device_id.size() + 1 + sizeof number);
    key.append(device_id).push_back('\0');
    put_fixed(key, number);
    return key;
}

/// Times before the epoch sort as the epoch.
inline std::string expiry_time(wall_time expires) {
    return sequence(static_cast<std::uint64_t>(std::max<std::int64_t>(expires.time_since_epoch().count(), 0)));
}
inline std::string expiry(wall_time expires, std::string_view device_id, std::uint64_t number) {
    std::string key;
    key.reserve(device_id.size() + 1 + 2 * sizeof number);
    key.append(expiry_time(expires)).append(device_id).push_back('\0');
    put_fixed(key, number);
    return key;
}

inline constexpr std::string_view feedback_state = "feedback";
inline constexpr std::string_view registry_state = "registry";
inline std::string activity(std::string_view id) { return "activity" + std::string(id); }

/// RocksDB's slices and our views are the same thing under two names.
inline rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
inline rocksdb::Slice slice(bytes_view raw) { return slice(as_text(raw)); }
inline bytes_view view(const rocksdb::Slice& slice) { return as_bytes(slice.ToStringView()); }

} // namespace capstan::store::keys
