#pragma once
// How readers give way to telemetry that comes in.

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

    /// `look_again` runs on `home` once nothing presses; soon, when nothing does now.
    void when_relieved(run_queue& home, task look_again);

private:
    static constexpr std::size_t limit = 256u * 1024;
    void tell_all();

    std::atomic<std::size_t> with_store_ = 0;
    std::atomic<std::uint64_t> ended_ = 0;
    std::mutex mutex_; ///< guards waiting_, of which each reader has one at most
    std::vector<std::pair<run_queue*, task>> waiting_;
};

/// Of one reader. While telemetry presses, readers who catch up together read about as fast as it comes in, in equal shares of all that
/// are attached to the event hub: they do not take the processors away from those who send. At other times none waits. Not thread-safe.
class reading_pace {
public:
    bool may_read(const intake& now, std::size_t readers) const {
        return !now.presses() || now.ended() - ended_before_ >= std::uint64_t{read_} * readers;
    }
    void begins(const intake& now) { ended_before_ = now.ended(); }
    void has_read(std::size_t bytes) { read_ = bytes; }
    /// It has waited long enough.
    void let_go() { read_ = 0; }

private:
    std::size_t read_ = 0; ///< bytes, the last time
    std::uint64_t ended_before_ = 0;
};

} // namespace capstan::hub
