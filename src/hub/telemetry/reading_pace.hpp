#pragma once
// How a reader gives way to telemetry that comes in.

#include "hub/telemetry/intake.hpp"

namespace capstan::hub {

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
