#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <rocksdb/write_batch.h>

#include "store/rocksdb/keys.hpp"

namespace capstan::store {

/// What a round changes in one column family, put into the batch in the order of the keys. RocksDB looks for the place of a key from
/// the one before on: in a round of many devices that is a tenth of what it does for keys in the order of the requests.
class sorted_changes {
public:
    void put(std::string key, bytes value) { changes_.emplace_back(std::move(key), std::move(value)); }
    void remove(std::string key) { changes_.emplace_back(std::move(key), std::nullopt); }

    /// Of several changes to one key the last one counts. None is left here.
    void move_to(rocksdb::WriteBatch& batch, rocksdb::ColumnFamilyHandle* family) {
        std::ranges::stable_sort(changes_, {}, &change::first);
        for (std::size_t index = 0; index < changes_.size(); ++index) {
            const auto& [key, value] = changes_[index];
            if (index + 1 < changes_.size() && changes_[index + 1].first == key)
                continue;
            if (value)
                batch.Put(family, key, keys::slice(*value));
            else
                batch.Delete(family, key);
        }
        changes_.clear();
        if (changes_.capacity() > kept_max)
            changes_.shrink_to_fit();
    }

private:
    static constexpr std::size_t kept_max = 16 * 1024; ///< entries, about 1 MiB: a round that was larger leaves no more behind

    using change = std::pair<std::string, std::optional<bytes>>; ///< none: removed
    std::vector<change> changes_;
};

} // namespace capstan::store
