#pragma once

#include "store/lmdb/segment.hpp"

namespace capstan::store::lmdb {

/// Where its partitions end: its last records, or, where there is none, what the last trim left, or where it begins.
outcome<std::vector<partition_state>> ends_of(const std::shared_ptr<const segment>& of);

} // namespace capstan::store::lmdb
