#pragma once
// What can go wrong below the store's border, and how it comes back. "The store cannot" (full, failed, closed) and "the
// caller's request does not fit" (not_found, already_exists, precondition_failed) travel the same way: as a failure value.

#include <expected>
#include <functional>
#include <string>
#include <utility>

#include "base/run_queue.hpp"

namespace capstan::store {

enum class errc {
    full,                ///< no space left: nothing of the request was written; it may succeed later
    busy,                ///< too many requests wait: nothing of the request was done; it may succeed in a moment
    failed,              ///< the medium failed, or a sync did: the store takes no more writes until it is opened again
    closed,              ///< the store is being closed
    corrupt,             ///< stored bytes do not decode; the text says where and how many
    not_found,           ///< registry: no such device
    already_exists,      ///< registry: create of an id that is there
    precondition_failed, ///< registry: the etag does not match
    too_many,            ///< registry: the device has all the modules that it may have
};

struct failure {
    errc code;
    std::string text; ///< for the log and the operator; holds no secret
};

template<class T> using outcome = std::expected<T, failure>;

/// Called exactly once for each request, on the run queue that came with it, never inside the call that made the request.
template<class T> using completion = std::move_only_function<void(outcome<T>)>;

/// A completion and the queue that it runs on. The queue outlives the store.
template<class T> struct reply_to {
    run_queue& home;
    completion<T> done;
};

} // namespace capstan::store
