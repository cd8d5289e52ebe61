#pragma once
// How readers give way to telemetry that comes in. Pure, but for the counters.

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace capstan::hub {

/// The telemetry of all connections on its way into the store, in bytes. Thread-safe.
class intake {
public:
    void begins(std::size_t bytes) { with_store_ += bytes; }
    /// Whatever the store answered.
    void ends(std::size_t bytes) {
        with_store_ -= bytes;
        ended_ += bytes;
    }

    /// More comes than the store takes at once. A disk that keeps up has some tens of KiB waiting, 230,000 events of 256 bytes a second
    /// included.
    bool presses() const { return with_store_ > 256u * 1024; }
    std::uint64_t ended() const { return ended_; } ///< since the start

private:
    std::atomic<std::size_t> with_store_ = 0;
    std::atomic<std::uint64_t> ended_ = 0;
};

/// Of one reader. While telemetry presses, all readers together read about as fast as it comes in, in equal shares: those who catch up
/// do not take the processors away from those who send, and one who reads everything keeps up. At other times none waits.
/// Not thread-safe.
class reading_pace {
public:
    void has_read(std::size_t bytes, const intake& now) {
        read_ = bytes;
        ended_before_ = now.ended();
    }
    bool may_read(const intake& now, std::size_t readers) const {
        return !now.presses() || now.ended() - ended_before_ >= std::uint64_t{read_} * readers;
    }
    /// It has waited long enough.
    void let_go() { read_ = 0; }

private:
    std::size_t read_ = 0;
    std::uint64_t ended_before_ = 0;
};

} // namespace capstan::hub
