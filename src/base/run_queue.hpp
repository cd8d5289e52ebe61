#pragma once
#include <functional>

namespace capstan {

using task = std::move_only_function<void()>;

/// Where work is to run: the hub has one per io thread, tests have one that they drain by hand. Tasks of one queue run one
/// after the other, in the order in which they were posted, never inside post().
class run_queue {
public:
    virtual ~run_queue() = default;
    /// May be called from any thread.
    virtual void post(task work) = 0;
};

} // namespace capstan
