#pragma once
// The timers of one thread: coarse, and without an allocation or a system call for each. The time is handed in.

#include <array>
#include <cstdint>

#include <boost/intrusive/list.hpp>

#include "base/clock.hpp"

namespace capstan::server {

namespace intrusive = boost::intrusive;

/// Something that wants to be called at a time: a base class. It leaves the wheel by itself when it is destroyed.
class timer : public intrusive::list_base_hook<intrusive::link_mode<intrusive::auto_unlink>> {
public:
    virtual ~timer() = default;

    bool scheduled() const { return is_linked(); }
    steady_time due() const { return due_; }
    void cancel() { unlink(); }

    /// The time has come. It is no longer scheduled, and may schedule itself anew, cancel others or destroy any timer.
    virtual void expired(steady_time now) = 0;

private:
    friend class timer_wheel;
    steady_time due_{};
};

/// Not thread-safe.
class timer_wheel {
public:
    /// A timer is called up to this much late, never early.
    static constexpr std::chrono::milliseconds resolution{100};

    explicit timer_wheel(steady_time now) : tick_(tick_of(now)) {}

    /// Moves it if it is scheduled already. A time in the past means with the next advance.
    void schedule(timer& what, steady_time due);

    /// Calls what is due.
    void advance(steady_time now);

    bool empty() const;

private:
    using slot = intrusive::list<timer, intrusive::constant_time_size<false>>;
    /// One turn takes 51.2 s: longer than most waits are. A timer beyond that is passed over once a turn.
    static constexpr std::size_t slot_count = 512;

    static std::int64_t tick_of(steady_time when) { return when.time_since_epoch() / resolution; }
    void insert(timer& what, std::int64_t not_before);

    std::array<slot, slot_count> slots_;
    std::int64_t tick_; ///< all slots up to this tick have been looked at
};

} // namespace capstan::server
