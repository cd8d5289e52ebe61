#pragma once
// How much telemetry waits for the store.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "base/run_queue.hpp"

namespace capstan::hub {

/// The telemetry of all connections on its way into the store, in bytes. Thread-safe.
class intake {
public:
    void begins(std::size_t bytes) { with_store_ += bytes; }
    /// Whatever the store answered.
    void ends(std::size_t bytes);

    /// More comes than the store takes at once. A disk that keeps up has some tens of KiB waiting, with 230,000 events of 256 bytes a
    /// second too. For a moment after each large commit it is so until all its answers have been heard.
    bool presses() const { return with_store_ > limit; }
    std::uint64_t ended() const { return ended_; } ///< since the start

    /// `look_again` runs on `home` once nothing presses; soon, when nothing does now. False: so many wait that it will never run.
    bool when_relieved(run_queue& home, task look_again);

private:
    static constexpr std::size_t limit = 256u * 1024;
    /// Who has asked and gone leaves its task behind until then: this bounds those of peers that come and go while it presses.
    static constexpr std::size_t waiting_max = 64u * 1024;
    void tell_all();

    std::atomic<std::size_t> with_store_ = 0;
    std::atomic<std::uint64_t> ended_ = 0;
    std::mutex mutex_; ///< guards what follows
    std::vector<std::pair<run_queue*, task>> waiting_;
};

} // namespace capstan::hub
