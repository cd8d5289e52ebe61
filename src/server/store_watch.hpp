#pragma once
#include <string>

#include "store/store.hpp"

namespace capstan::server {

/// Says in the log when the store begins to refuse writes, and when that is over. Used by one thread.
class store_watch {
public:
    explicit store_watch(const store::store& store) : store_(store) {}
    void look();

private:
    const store::store& store_;
    std::string known_; ///< empty: writes are taken
};

} // namespace capstan::server
